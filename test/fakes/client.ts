// A store's client in memory, with a hand to play the controller: what is put is seen by every watcher at once.
import type { Kind, Kinds, ObjectKey } from '../../controller/api/object.ts';
import { keyString } from '../../controller/api/object.ts';
import type { LogReader } from '../../controller/output/log-store.ts';
import type { Applied, Client, Holder, Manifest, Problem, StoredEvent } from '../../controller/store/client.ts';
import type { Change } from '../../controller/store/store.ts';

export interface FakeClient extends Client {
  readonly applied: Manifest[];
  readonly patches: { readonly kind: Kind; readonly key: ObjectKey; readonly patch: Readonly<Record<string, unknown>> }[];
  readonly secretData: Map<string, Readonly<Record<string, string>>>;
  readonly logs: Map<string, FakeLog>;
  readonly storedEvents: StoredEvent[];
  readonly fileProblems: Problem[];
  readonly deleted: string[];
  prunes: number;
  held: Holder | undefined;
  put<K extends Kind>(kind: K, object: Kinds[K]): void;
  remove(kind: Kind, key: ObjectKey): void;
  /** Plays the controller: called after each change a command makes. */
  react: (client: FakeClient) => void;
}

export interface FakeLog extends LogReader {
  write(text: string | Uint8Array): void;
}

const fakeLog = (): FakeLog => {
  let bytes = Buffer.alloc(0);
  const waiting = new Set<() => void>();
  return {
    write: (text) => {
      bytes = Buffer.concat([bytes, Buffer.from(text)]);
      for (const wake of waiting) wake();
    },
    size: async () => bytes.length,
    async *read(offset) {
      for (let at = offset; at < bytes.length; at += 7) yield bytes.subarray(at, Math.min(bytes.length, at + 7));
    },
    async *follow(offset, signal) {
      let at = offset;
      while (!signal.aborted) {
        if (at < bytes.length) {
          const from = at;
          at = bytes.length;
          yield bytes.subarray(from);
        } else await woken(waiting, signal);
      }
    },
  };
};

const woken = (waiting: Set<() => void>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const wake = (): void => {
      waiting.delete(wake);
      resolve();
    };
    waiting.add(wake);
    signal.addEventListener('abort', wake, { once: true });
  });

export const fakeClient = (): FakeClient => {
  const objects: { [K in Kind]: Map<string, Kinds[K]> } = { Session: new Map(), VMPool: new Map(), VM: new Map() };
  const watchers = new Set<{ readonly kind: Kind; readonly queue: Change<Kind>[]; wake: () => void }>();
  const tell = (kind: Kind, change: Change<Kind>): void => {
    for (const watcher of watchers) {
      if (watcher.kind !== kind) continue;
      watcher.queue.push(change);
      watcher.wake();
    }
  };
  const client: FakeClient = {
    applied: [],
    patches: [],
    secretData: new Map(),
    logs: new Map(),
    storedEvents: [],
    fileProblems: [],
    deleted: [],
    prunes: 0,
    held: {
      pid: 4711,
      host: 'here',
      startTime: '2025-12-02T08:00:00Z',
      lookedTime: '2025-12-02T08:00:01Z',
      command: 'berth controller',
    },
    react: () => undefined,
    put: (kind, object) => {
      objects[kind].set(keyString(object.metadata), object);
      tell(kind, { type: 'put', object });
    },
    remove: (kind, key) => {
      const uid = objects[kind].get(keyString(key))?.metadata.uid ?? '';
      objects[kind].delete(keyString(key));
      tell(kind, { type: 'gone', key, uid });
    },
    list: async (kind) => [...objects[kind].values()],
    get: async (kind, key) => objects[kind].get(keyString(key)),
    async *watch(kind, signal) {
      const watcher: { readonly kind: Kind; readonly queue: Change<Kind>[]; wake: () => void } = { kind, queue: [], wake: () => undefined };
      watchers.add(watcher);
      signal.addEventListener('abort', () => watcher.wake(), { once: true });
      try {
        for (const object of [...objects[kind].values()]) yield { type: 'put', object };
        yield { type: 'synced' };
        while (!signal.aborted) {
          const change = watcher.queue.shift();
          if (change !== undefined) yield change as Change<typeof kind>;
          else
            await new Promise<void>((resolve) => {
              watcher.wake = resolve;
            });
        }
      } finally {
        watchers.delete(watcher);
      }
    },
    apply: async (manifests): Promise<readonly Applied[]> => {
      client.applied.push(...manifests);
      const applied = manifests.map(({ document }): Applied => applyOne(client, document));
      client.react(client);
      return applied;
    },
    patchSpec: async (kind, key, patch) => {
      client.patches.push({ kind, key, patch });
      const object = objects[kind].get(keyString(key));
      if (object !== undefined) client.put(kind, { ...object, spec: { ...object.spec, ...patch } } as Kinds[typeof kind]);
      client.react(client);
    },
    delete: async (kind, key) => {
      client.deleted.push(`${kind} ${keyString(key)}`);
      client.remove(kind, key);
    },
    confirmPrune: async () => {
      client.prunes += 1;
    },
    log: (session) => {
      const log = client.logs.get(session.metadata.name) ?? fakeLog();
      client.logs.set(session.metadata.name, log);
      return log;
    },
    events: async () => client.storedEvents,
    problems: async () => client.fileProblems,
    secrets: async () =>
      [...client.secretData].map(([key, data]) => ({
        namespace: key.split('/')[0] ?? '',
        name: key.split('/')[1] ?? '',
        keys: Object.keys(data),
      })),
    setSecret: async (key, data) => {
      client.secretData.set(keyString(key), { ...client.secretData.get(keyString(key)), ...data });
    },
    deleteSecret: async (key) => client.secretData.delete(keyString(key)),
    holder: async () => client.held,
  };
  return client;
};

let made = 0;

const applyOne = (client: FakeClient, document: unknown): Applied => {
  const { kind, metadata, spec } = document as Kinds[Kind];
  const namespace = metadata.namespace ?? 'default';
  made += 1;
  const full = {
    name: metadata.name,
    namespace,
    uid: `uid-${made}`,
    resourceVersion: String(made),
    generation: 1,
    creationTimestamp: '2025-12-02T08:30:22Z',
  };
  client.put(kind, { apiVersion: 'berth.dev/v1alpha1', kind, metadata: full, spec } as never);
  return { kind, key: { namespace, name: metadata.name }, change: 'created' };
};
