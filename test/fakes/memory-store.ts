// The store in memory. The database is what is really stored and outlives every controller; `openMemoryStore` is one
// controller's view of it. Users' verbs act on the database, as an API server or the directory would take them up.
import { isDeepStrictEqual } from 'node:util';
import { timestamp } from '../../controller/api/clock.ts';
import { OperatorError } from '../../controller/api/error.ts';
import {
  API_VERSION,
  type Kind,
  type Kinds,
  keyString,
  type ObjectKey,
  type ObjectMeta,
  type Resource,
} from '../../controller/api/object.ts';
import { semanticallyEqual } from '../../controller/runtime/equal.ts';
import { noteFrozen } from '../../controller/runtime/freeze.ts';
import type { Change, EventRecord, NewObject, Precondition, Store } from '../../controller/store/store.ts';

export interface StoredChange {
  readonly kind: Kind;
  readonly before: Resource | undefined;
  /** Absent when the object is gone. */
  readonly after: Resource | undefined;
}

export interface MemoryDatabase {
  get<K extends Kind>(kind: K, key: ObjectKey): Kinds[K] | undefined;
  list<K extends Kind>(kind: K): readonly Kinds[K][];
  /** Told of every change in order, within the write that makes it. */
  subscribe(listener: (change: StoredChange) => void): () => void;
  create<K extends Kind>(kind: K, object: NewObject<K>): Kinds[K];
  /** Replaces parts of the object as people do: spec bumps the generation. */
  edit<K extends Kind>(
    kind: K,
    key: ObjectKey,
    change: { readonly spec?: object; readonly annotations?: Readonly<Record<string, string>> },
  ): void;
  patchStatus<K extends Kind>(kind: K, at: Precondition, status: NonNullable<Kinds[K]['status']>): Kinds[K];
  patchFinalizers<K extends Kind>(kind: K, at: Precondition, finalizers: readonly string[]): Kinds[K];
  delete(kind: Kind, at: ObjectKey & { readonly uid: string }): void;
  readonly secrets: Map<string, Readonly<Record<string, string>>>;
  readonly events: EventRecord[];
}

export interface MemoryDatabaseOptions {
  readonly now: () => number;
  readonly newUID: () => string;
  /** Whoever changes what is stored throws: unless this is false. */
  readonly freeze?: boolean;
}

export const createMemoryDatabase = (options: MemoryDatabaseOptions): MemoryDatabase => {
  const objects = {
    Session: new Map<string, Kinds['Session']>(),
    VMPool: new Map<string, Kinds['VMPool']>(),
    VM: new Map<string, Kinds['VM']>(),
  };
  const listeners = new Set<(change: StoredChange) => void>();
  let version = 0;
  const tableOf = <K extends Kind>(kind: K): Map<string, Kinds[K]> => objects[kind] as unknown as Map<string, Kinds[K]>;

  const put = <K extends Kind>(kind: K, object: Kinds[K], metadata: Partial<ObjectMeta> = {}): Kinds[K] => {
    const table = tableOf(kind);
    const key = keyString(object.metadata);
    const before = table.get(key);
    version += 1;
    const after = { ...object, metadata: { ...object.metadata, ...metadata, resourceVersion: String(version) } } as Kinds[K];
    if (options.freeze !== false) noteFrozen(freeze(after));
    const isGone = after.metadata.deletionTimestamp !== undefined && (after.metadata.finalizers ?? []).length === 0;
    if (isGone) table.delete(key);
    else table.set(key, after);
    for (const listener of listeners) listener({ kind, before, after: isGone ? undefined : after });
    return after;
  };

  const current = <K extends Kind>(kind: K, at: Precondition): Kinds[K] => {
    const stored = tableOf(kind).get(keyString(at));
    if (stored?.metadata.uid === at.uid && stored.metadata.resourceVersion === at.resourceVersion) return stored;
    const why = stored?.metadata.uid === at.uid ? 'it was changed meanwhile' : 'it is gone';
    throw new OperatorError('conflict', `cannot write ${kind} ${keyString(at)}: ${why}`);
  };

  return {
    secrets: new Map(),
    events: [],
    get: (kind, key) => tableOf(kind).get(keyString(key)),
    list: (kind) => [...tableOf(kind).values()],
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    create: (kind, object) => {
      if (tableOf(kind).has(keyString(object.metadata))) {
        throw new OperatorError('conflict', `cannot create ${kind} ${keyString(object.metadata)}: it exists`);
      }
      const metadata = {
        ...object.metadata,
        uid: options.newUID(),
        resourceVersion: '',
        generation: 1,
        creationTimestamp: timestamp(options.now()),
      };
      return put(kind, {
        apiVersion: API_VERSION,
        kind,
        metadata,
        spec: object.spec,
        status: { observedGeneration: -1 },
      } as unknown as Kinds[typeof kind]);
    },
    edit: (kind, key, change) => {
      const stored = tableOf(kind).get(keyString(key));
      if (!stored) return;
      const spec = change.spec ? merge(stored.spec, change.spec) : stored.spec;
      const isSpecChange = !isDeepStrictEqual(spec, stored.spec);
      if (!isSpecChange && !change.annotations) return;
      put(kind, { ...stored, spec } as Kinds[typeof kind], {
        generation: stored.metadata.generation + (isSpecChange ? 1 : 0),
        ...(change.annotations && { annotations: { ...stored.metadata.annotations, ...change.annotations } }),
      });
    },
    patchStatus: (kind, at, status) => {
      const stored = current(kind, at);
      return semanticallyEqual(stored.status, status) ? stored : put(kind, { ...stored, status });
    },
    patchFinalizers: (kind, at, finalizers) => {
      const stored = current(kind, at);
      return semanticallyEqual(stored.metadata.finalizers ?? [], finalizers) ? stored : put(kind, stored, { finalizers: [...finalizers] });
    },
    delete: (kind, at) => {
      const stored = tableOf(kind).get(keyString(at));
      if (stored?.metadata.uid !== at.uid || stored.metadata.deletionTimestamp !== undefined) return;
      put(kind, stored, { deletionTimestamp: timestamp(options.now()), generation: stored.metadata.generation + 1 });
    },
  };
};

/** A merge patch (RFC 7386) of the top level: what is undefined goes. */
const merge = (spec: object, patch: object): object =>
  Object.fromEntries(Object.entries({ ...spec, ...patch }).filter(([, value]) => value !== undefined));

const freeze = <T>(value: T): T => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const name in value) freeze(value[name]);
  return Object.freeze(value);
};

/** A view without faults: every change is delivered at once and in order. */
export const openMemoryStore = (database: MemoryDatabase): Store => ({
  watch: (kind, signal) => watch(database, kind, signal),
  get: async (kind, key) => database.get(kind, key),
  list: async (kind) => database.list(kind),
  create: async (kind, object) => database.create(kind, object),
  patchStatus: async (kind, at, status) => database.patchStatus(kind, at, status),
  patchFinalizers: async (kind, at, finalizers) => database.patchFinalizers(kind, at, finalizers),
  delete: async (kind, at) => database.delete(kind, at),
  secret: async (key) => database.secrets.get(keyString(key)),
  record: (event) => {
    database.events.push(event);
  },
});

async function* watch<K extends Kind>(database: MemoryDatabase, kind: K, signal: AbortSignal): AsyncIterable<Change<K>> {
  const queue = createChangeQueue<Change<K>>(signal);
  for (const object of database.list(kind)) queue.push({ type: 'put', object });
  queue.push({ type: 'synced' });
  const stop = database.subscribe((change) => {
    if (change.kind === kind) queue.push(changeOf(change) as Change<K>);
  });
  try {
    yield* queue.read();
  } finally {
    stop();
  }
}

/** What a watcher is told of a stored change. */
export const changeOf = ({ before, after }: StoredChange): Change<Kind> => {
  if (after) return { type: 'put', object: after };
  if (!before) throw new OperatorError('bug', 'a change of nothing to nothing');
  return { type: 'gone', key: { namespace: before.metadata.namespace, name: before.metadata.name }, uid: before.metadata.uid };
};

/** An unbounded queue read as an async iterable, which ends with the signal. */
export const createChangeQueue = <T>(signal: AbortSignal): { push(item: T): void; read(): AsyncIterable<T> } => {
  let items: T[] = [];
  let wake: (() => void) | undefined;
  signal.addEventListener('abort', () => wake?.(), { once: true });
  return {
    push: (item) => {
      items.push(item);
      wake?.();
    },
    read: async function* () {
      while (!signal.aborted) {
        const batch = items;
        items = [];
        for (const item of batch) {
          if (signal.aborted) return;
          yield item;
        }
        if (items.length === 0 && !signal.aborted) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          wake = undefined;
        }
      }
    },
  };
};
