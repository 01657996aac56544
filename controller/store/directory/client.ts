// The directory store as people's commands see it: reads the state folder, writes manifests, secrets and requests, and
// never an object's file. Needs no controller. What is costly to load is loaded by the call that needs it.
import { join } from 'node:path';
import { OperatorError } from '../../api/error.ts';
import { type Kind, keyOf, keyString, type ObjectKey } from '../../api/object.ts';
import type { LogName, LogReader } from '../../output/log-store.ts';
import type { Client } from '../client.ts';
import { listBrief, listObjects } from './object-cache.ts';
import { isKey, objectPath, type StateLocation, stateFolderFor } from './state-folder.ts';

export interface DirectoryClientOptions extends StateLocation {
  /** Orders requests; milliseconds since the epoch. */
  readonly now: () => number;
  /** Opens one log of the log store below `folder`. */
  readonly openLog: (folder: string, log: LogName) => LogReader;
}

export interface OpenedDirectoryClient {
  readonly client: Client;
  readonly root: string;
  readonly stateFolder: string;
}

export const openDirectoryClient = (root: string, options: DirectoryClientOptions): OpenedDirectoryClient => {
  const folder = stateFolderFor(root, options);
  const get: Client['get'] = async (kind, key) => {
    if (!isKey(key)) return undefined;
    const { readStateFile } = await import('./state-files.ts');
    return readStateFile({ kind, key, path: objectPath(folder, kind, key) }) as Awaited<ReturnType<typeof get<typeof kind>>>;
  };
  const prepare = async (): Promise<void> => {
    const { makeStateFolder } = await import('./state-folder.ts');
    makeStateFolder(folder);
  };
  const client: Client = {
    get,
    list: (kind, { brief = false } = {}) => (brief ? listBrief(folder, kind) : listObjects(folder, kind)),
    watch: async function* (kind, signal) {
      await prepare();
      const { watchObjects } = await import('./watch-objects.ts');
      yield* watchObjects(folder, kind, signal);
    },
    apply: async (manifests) => {
      await prepare();
      const { applyManifests } = await import('./apply.ts');
      return applyManifests(root, folder, manifests);
    },
    patchSpec: async (kind, key, patch) => {
      await prepare();
      const stored = await get(kind, key);
      if (stored) await refuseInvalidPatch(kind, key, stored, patch);
      const { writeRequest } = await import('./requests.ts');
      await writeRequest(folder, { verb: 'patch', kind, key, patch }, options.now());
    },
    delete: async (kind, key, { now = false } = {}) => {
      await prepare();
      const { requestRemoval } = await import('./request-removal.ts');
      await requestRemoval(root, folder, { kind, key, now }, options.now());
    },
    confirmPrune: async () => {
      await prepare();
      const { writeRequest } = await import('./requests.ts');
      await writeRequest(folder, { verb: 'confirmPrune' }, options.now());
    },
    log: (session) => options.openLog(join(folder, 'logs'), { ...keyOf(session), uid: session.metadata.uid }),
    events: async () => (await import('./events.ts')).readEvents(folder),
    problems: async () => (await import('./problems.ts')).readProblems(folder),
    secrets: async () => (await import('./secrets.ts')).listSecrets(folder),
    setSecret: async (key, data) => {
      await prepare();
      await (await import('./secrets.ts')).writeSecret(folder, key, data);
    },
    deleteSecret: async (key) => (await import('./secrets.ts')).removeSecret(folder, key),
    holder: async () => (await import('./lock.ts')).holderOf(folder),
  };
  return { client, root, stateFolder: folder };
};

/** Said to the person who asked, rather than to the log of the controller. */
const refuseInvalidPatch = async (kind: Kind, key: ObjectKey, stored: { readonly spec: object }, patch: object): Promise<void> => {
  const { mergePatch } = await import('./merge.ts');
  const { refuseInvalid } = await import('./resolve.ts');
  const spec = mergePatch(stored.spec, patch);
  if (typeof spec !== 'object' || spec === null)
    throw new OperatorError('invalid', `${kind} ${keyString(key)}: a change of spec must be a mapping`);
  refuseInvalid(kind, key, spec, stored as never);
};
