// The cluster as people's commands see it: what kubectl does, with Berth's words. Writes specs as field manager
// `berth-cli`, so that the controller's writes and people's stay apart.
import type { Clock } from '../../api/clock.ts';
import { OperatorError } from '../../api/error.ts';
import { type Kind, type Kinds, keyString, type ObjectKey } from '../../api/object.ts';
import type { Applied, Client } from '../client.ts';
import { applyManifest } from './apply.ts';
import { readClusterEvents } from './events.ts';
import { readHolder } from './lease-record.ts';
import { createLogReaders } from './log-reader.ts';
import { readAll, readObject } from './read.ts';
import { type Api, isStatus } from './request.ts';
import { objectPath } from './resources.ts';
import { createSecrets } from './secrets.ts';
import { removeObject } from './store.ts';
import { listWatch } from './watch.ts';

export interface ClusterClientOptions {
  readonly api: Api;
  readonly clock: Clock;
  readonly random: () => number;
  /** Where a name without a namespace is looked for. */
  readonly namespace: string;
  /** All that is read lies in this namespace; in all of them when unset, which takes rights in all of them. */
  readonly scope: string | undefined;
  /** Of the controller's lease. */
  readonly leaseNamespace: string;
}

export const createClusterClient = (options: ClusterClientOptions): Client => {
  const { api, clock, random, namespace, scope, leaseNamespace } = options;
  const watch: Client['watch'] = (kind, signal) =>
    listWatch(kind, { api, clock, random, namespace: scope, onError: refuseForGood }, signal);
  const logs = createLogReaders(api, clock);
  return {
    namespace,
    isInstalled: true,
    list: (kind) => readAll(api, kind, scope),
    get: (kind, key) => readObject(api, kind, key),
    watch,
    apply: async (manifests) => {
      const applied: Applied[] = [];
      for (const manifest of manifests) applied.push(await applyManifest(api, manifest, namespace));
      return applied;
    },
    patchSpec: (kind, key, patch) => patchSpec(api, kind, key, patch),
    delete: async (kind, key, { now = false } = {}) => {
      if (now && kind === 'VMPool') await stopSessionsOf(api, key);
      await removeObject(api, kind, key);
    },
    confirmPrune: async () => {
      throw new OperatorError('invalid', 'a cluster holds no deletion back: --confirm-prune is for directories');
    },
    log: (session) =>
      logs.of(session, { get: () => readObject(api, 'Session', session.metadata), watch: (signal) => watch('Session', signal) }),
    events: () => readClusterEvents(api, scope),
    problems: async () => [],
    ...createSecrets(api, scope),
    holder: () => readHolder(api, leaseNamespace, clock.now()),
  };
};

/** Waiting mends an outage, not a missing right: the person is told. */
const refuseForGood = (error: unknown): void => {
  if (!(error instanceof OperatorError) || error.code !== 'unavailable' || isStatus(error, 404)) throw error;
};

const TRIES = 5;

/** A merge patch replaces lists: of `input`, which several people may add to at once, nobody's may get lost. */
const patchSpec = async (api: Api, kind: Kind, key: ObjectKey, patch: Readonly<Record<string, unknown>>): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    const stored = Array.isArray(patch.input) ? await readObject(api, kind, key) : undefined;
    try {
      await sendPatch(api, kind, key, stored === undefined ? { spec: patch } : withInputs(stored, patch));
      return;
    } catch (error) {
      if (!isStatus(error, 409) || stored === undefined || tries === TRIES) throw error;
    }
  }
};

interface Input {
  readonly id: string;
}

const withInputs = (stored: Kinds[Kind], patch: Readonly<Record<string, unknown>>): object => {
  const known = 'input' in stored.spec ? (stored.spec.input ?? []) : [];
  const ids = new Set(known.map(({ id }) => id));
  const added = (patch.input as readonly Input[]).filter(({ id }) => !ids.has(id));
  return { metadata: { resourceVersion: stored.metadata.resourceVersion }, spec: { ...patch, input: [...known, ...added] } };
};

const sendPatch = (api: Api, kind: Kind, key: ObjectKey, body: object): Promise<unknown> =>
  api.send({
    doing: `change ${kind} ${keyString(key)}`,
    method: 'PATCH',
    path: objectPath(kind, key),
    query: { fieldManager: 'berth-cli' },
    type: 'application/merge-patch+json',
    body,
  });

/** `--now`: what runs in the pool is stopped instead of awaited. */
const stopSessionsOf = async (api: Api, pool: ObjectKey): Promise<void> => {
  const sessions = await readAll(api, 'Session', pool.namespace);
  const running = sessions.filter(({ spec, status }) => {
    const isFinished = status?.conditions?.some(({ type, status: is }) => type === 'Finished' && is === 'True');
    return (spec.poolRef?.name ?? 'default') === pool.name && spec.shutdown === undefined && !isFinished;
  });
  await Promise.all(running.map(({ metadata }) => sendPatch(api, 'Session', metadata, { spec: { shutdown: 'Graceful' } })));
};
