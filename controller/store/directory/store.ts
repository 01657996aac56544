// The directory store as the controller sees it: holds the lock, follows the files, takes up verbs, and stores what the
// reconcilers write. The parts are put together here, and nothing else is done.
import { existsSync, mkdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../api/clock.ts';
import { timestamp } from '../../api/clock.ts';
import { isTrue } from '../../api/condition.ts';
import { OperatorError } from '../../api/error.ts';
import { type Kind, type Kinds, keyOf, keyString, type Resource } from '../../api/object.ts';
import type { Holder, Problem } from '../client.ts';
import type { Precondition, Store } from '../store.ts';
import { requestDeletion } from './deleting.ts';
import { createEventRecorder } from './events.ts';
import { foldRequests } from './fold-requests.ts';
import { createFollower } from './follower.ts';
import { gitFolder } from './git.ts';
import { acquireLock } from './lock.ts';
import { objectID } from './manifest-file.ts';
import { SOURCE_ANNOTATION } from './merge.ts';
import { createMirror } from './mirror.ts';
import { createObjects, type Objects, requireFree } from './objects.ts';
import { problemText, writeProblems } from './problems.ts';
import { newResource } from './resolve.ts';
import { readSecret } from './secrets.ts';
import { readIndex, writeIndex } from './source-index.ts';
import { createSources } from './sources.ts';
import { loadState } from './state-files.ts';
import { isKey, makeStateFolder, stateFolderFor } from './state-folder.ts';
import { createSync } from './sync.ts';
import { buryObject, DEFAULT_RETENTION_MS, expireTombstones } from './tombstones.ts';
import { openVersions } from './versions.ts';

export interface DirectoryStoreOptions {
  readonly clock: Clock;
  readonly newUID: () => string;
  /** Who opens it: what a second controller is told. */
  readonly holder: Omit<Holder, 'startTime'>;
  /** Where `BERTH_SECRET_<NAME>_<KEY>` are looked up. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `$XDG_STATE_HOME/berth`: for state that cannot be in the folder itself. */
  readonly stateHome: string;
  /** `--state`: the state folder, wherever the manifests are. */
  readonly state?: string | undefined;
  /** Whether status is written into users' files too; unset: inline, but never in a Git work tree. */
  readonly writeStatus?: 'inline' | 'never' | undefined;
  /** How long what is removed is remembered; 7 days unless set. */
  readonly retentionMs?: number | undefined;
  /** Told of each problem when it is new. */
  readonly onProblem?: (text: string) => void;
}

export interface OpenedDirectoryStore {
  readonly store: Store;
  /** Where logs and what providers keep belong, too. */
  readonly stateFolder: string;
  close(): Promise<void>;
}

const REQUEST_RESCAN_MS = 2_000;
const REQUEST_PATIENCE_MS = 3_000;
const EXPIRY_MS = 3_600_000;
const INDEX_DELAY_MS = 2_000;

/** Resolves when all that is there was read. Throws OperatorError('denied') when another controller has it. */
export const openDirectoryStore = async (root: string, options: DirectoryStoreOptions): Promise<OpenedDirectoryStore> => {
  const folder = stateFolderFor(root, options);
  makeRoot(root, folder);
  const check = makeStateFolder(folder);
  const lock = await acquireLock(folder, { ...options.holder, startTime: timestamp(options.clock.now()) });
  try {
    return await openLocked(root, folder, check, options, () => lock.release());
  } catch (error) {
    lock.release();
    throw error;
  }
};

const openLocked = async (
  root: string,
  folder: string,
  check: () => void,
  options: DirectoryStoreOptions,
  release: () => void,
): Promise<OpenedDirectoryStore> => {
  const { clock, newUID } = options;
  const loaded = loadState(folder);
  const nextVersion = await openVersions(folder, Math.max(0, ...versionsOf(loaded.objects)));
  const index = readIndex(folder);
  const events = createEventRecorder(folder, clock);
  const objects: Objects = createObjects({
    folder,
    initial: loaded.objects,
    nextVersion,
    check,
    beforeRemoval: async (object) => {
      if (isFromFile(object)) await buryObject(folder, object, sources.definers(idOf(object)).length > 0);
    },
    afterRemoval: (object) => {
      sync.revisit(idOf(object));
      sync.defined(idOf(object), sources.definers(idOf(object)).length > 0);
      follower.poke();
    },
  });
  const sources = createSources({
    root,
    indexed: index?.files ?? new Map(),
    storedIDs: (path) => fromFile(objects, path),
    onDefiners: (id, isDefined) => sync.defined(id, isDefined),
  });
  const blocked = new Set(loaded.damaged.map(({ kind, key }) => objectID(kind, key)));
  const context = { folder, clock, newUID, objects, sources, blocked, record: events.record };
  const sync = createSync(context);
  for (const object of loaded.objects) {
    if (!isFromFile(object)) continue;
    sync.defined(idOf(object), false);
  }
  const problems = createProblemReport(folder, options.onProblem);
  const damaged = loaded.damaged.map(({ problem }) => problem);
  let cancelIndex: (() => void) | undefined;
  const saveIndex = async (): Promise<void> => {
    cancelIndex = undefined;
    const rootIdentity = follower.rootIdentity();
    if (rootIdentity !== undefined)
      await writeIndex(folder, { root: rootIdentity, files: sources.index(sync.isInEffect) }).catch(() => undefined);
  };
  const follower = createFollower({
    context,
    sync,
    root,
    knownRoot: index?.root,
    onProblems: (found) => problems.report([...damaged, ...found]),
    onSettled: () => {
      cancelIndex ??= clock.after(INDEX_DELAY_MS, () => void saveIndex());
    },
  });
  await follower.start();
  const verbs = followRequests(folder, {
    ...options,
    objects,
    isBusy: follower.isBusy,
    poke: follower.poke,
    confirm: follower.confirm,
    problems,
    record: events.record,
  });
  await verbs.fold();
  const isMirrored =
    (options.writeStatus ?? (gitFolder(root) === undefined ? 'inline' : 'never')) === 'inline' && gitFolder(root) === undefined;
  const mirror = createMirror({ root, objects, sources, clock });
  const cancelExpiry = expireRegularly(folder, options, (id) => sources.definers(id).length > 0);
  return {
    stateFolder: folder,
    store: createStore({
      folder,
      objects,
      context,
      environment: options.environment,
      onStatus: (before, after) => isMirrored && isMilestone(before, after) && mirror.add(after),
    }),
    close: async () => {
      cancelExpiry();
      verbs.close();
      await follower.close();
      await mirror.close();
      cancelIndex?.();
      await saveIndex();
      events.flush();
      release();
    },
  };
};

interface StoreParts {
  readonly folder: string;
  readonly objects: Objects;
  readonly context: Parameters<typeof newResource>[3] & { readonly record: Store['record']; readonly blocked: ReadonlySet<string> };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly onStatus: (before: Resource, after: Resource) => void;
}

const createStore = ({ folder, objects, context, environment, onStatus }: StoreParts): Store => ({
  watch: objects.watch,
  get: async (kind, key) => objects.get(kind, key),
  list: async (kind) => objects.list(kind),
  create: async (kind, { metadata, spec }) => {
    const key = { namespace: metadata.namespace, name: metadata.name };
    if (!isKey(key)) throw new OperatorError('invalid', `cannot create ${kind} ${keyString(key)}: that is no valid name`);
    if (context.blocked.has(objectID(kind, key)))
      throw new OperatorError('unavailable', `cannot create ${kind} ${keyString(key)}: its state file is damaged; mend or remove it`);
    const created = await objects.write(kind, key, (stored) => {
      requireFree(kind, key, stored);
      return newResource(kind, metadata, spec, context) as typeof stored;
    });
    return known(created);
  },
  patchStatus: async (kind, at, status) => {
    let before: Resource | undefined;
    const after = known(
      await objects.write(kind, at, (stored) => {
        before = current(kind, at, stored);
        return { ...current(kind, at, stored), status };
      }),
    );
    if (before && before !== after) onStatus(before, after);
    return after;
  },
  patchFinalizers: async (kind, at, finalizers) =>
    known(
      await objects.write(kind, at, (stored) => {
        const object = current(kind, at, stored);
        const { finalizers: _, ...metadata } = object.metadata;
        return { ...object, metadata: finalizers.length === 0 ? metadata : { ...metadata, finalizers } };
      }),
    ),
  delete: (kind, at) => requestDeletion({ objects, clock: context.clock }, objectID(kind, at), { uid: at.uid }),
  secret: async (key) => readSecret(folder, environment, key),
  record: context.record,
});

const current = <K extends Kind>(kind: K, at: Precondition, stored: Kinds[K] | undefined): Kinds[K] => {
  if (stored?.metadata.uid === at.uid && stored.metadata.resourceVersion === at.resourceVersion) return stored;
  const why = stored?.metadata.uid === at.uid ? 'it was changed meanwhile' : 'it is gone';
  throw new OperatorError('conflict', `cannot write ${kind} ${keyString(at)}: ${why}`);
};

const known = <T>(object: T | undefined): T => {
  if (object === undefined) throw new OperatorError('bug', 'a write ended without an object');
  return object;
};

/** Where status is worth a change of the user's own file: phases and the end. */
const isMilestone = (before: Resource, after: Resource): boolean => {
  if (after.kind !== 'Session' || before.kind !== 'Session') return false;
  return (
    before.status?.phase !== after.status?.phase ||
    isTrue(before.status?.conditions, 'Finished') !== isTrue(after.status?.conditions, 'Finished')
  );
};

const makeRoot = (root: string, folder: string): void => {
  if (existsSync(root)) return;
  // A root that was there once and is missing now (not mounted) is not to be made anew.
  if (existsSync(join(folder, 'epoch'))) return;
  mkdirSync(root, { recursive: true });
};

const isFromFile = (object: Resource): boolean => object.metadata.annotations?.[SOURCE_ANNOTATION] !== undefined;

const fromFile = (objects: Objects, path: string): readonly string[] =>
  [...objects.list('Session'), ...objects.list('VMPool')]
    .filter((object) => object.metadata.annotations?.[SOURCE_ANNOTATION] === path)
    .map(idOf);

const idOf = (object: Resource): string => objectID(object.kind, keyOf(object));

const versionsOf = (objects: readonly Resource[]): readonly number[] => objects.map((object) => Number(object.metadata.resourceVersion));

interface ProblemReport {
  report(problems: readonly Problem[]): void;
  tell(text: string): void;
}

const createProblemReport = (folder: string, onProblem: ((text: string) => void) | undefined): ProblemReport => {
  let told = new Set<string>();
  let written: string | undefined;
  return {
    tell: (text) => onProblem?.(text),
    report: (problems) => {
      const texts = new Set(problems.map(problemText));
      for (const text of texts) if (!told.has(text)) onProblem?.(text);
      told = texts;
      const key = [...texts].join('\n');
      if (key === written) return;
      written = key;
      // Tried again at the next change: what cannot be written now was told above.
      writeProblems(folder, problems).catch(() => {
        written = undefined;
      });
    },
  };
};

interface RequestParts extends Pick<DirectoryStoreOptions, 'clock'> {
  readonly objects: Objects;
  readonly isBusy: () => boolean;
  readonly poke: (isFull: boolean) => void;
  readonly confirm: () => void;
  readonly problems: ProblemReport;
  readonly record: Store['record'];
}

const followRequests = (folder: string, parts: RequestParts): { fold(): Promise<void>; close(): void } => {
  const { clock, objects } = parts;
  const firstSeen = new Map<string, number>();
  let isClosed = false;
  let cancel: (() => void) | undefined;
  let running: Promise<void> | undefined;
  let isWanted = false;

  const isExpected = (id: string): boolean => {
    const since = firstSeen.get(id) ?? clock.monotonic();
    if (!firstSeen.has(id)) parts.poke(true);
    firstSeen.set(id, since);
    const isPatient = parts.isBusy() || clock.monotonic() - since < REQUEST_PATIENCE_MS;
    if (!isPatient) firstSeen.delete(id);
    return isPatient;
  };
  const foldAll = async (): Promise<void> => {
    const onRefused = (message: string, stored: Resource | undefined): void => {
      parts.problems.tell(message);
      if (!stored) return;
      parts.record({
        type: 'Warning',
        reason: 'RequestRefused',
        message,
        regarding: { kind: stored.kind, uid: stored.metadata.uid, ...keyOf(stored) },
      });
    };
    try {
      await foldRequests({ folder, objects, clock, isExpected, onConfirmPrune: parts.confirm, onRefused });
    } catch (error) {
      parts.problems.tell(`a request waits: ${String(error)}`);
    }
  };
  const fold = async (): Promise<void> => {
    isWanted = true;
    while (isWanted && !running && !isClosed) {
      isWanted = false;
      running = foldAll();
      await running;
      running = undefined;
    }
  };
  const again = (): void => {
    cancel = clock.after(
      firstSeen.size > 0 ? REQUEST_RESCAN_MS / 8 : REQUEST_RESCAN_MS,
      () => void fold().finally(() => !isClosed && again()),
    );
  };
  again();
  const watcher = watchFolder(join(folder, 'requests'), () => void fold());
  return {
    fold,
    close: () => {
      isClosed = true;
      cancel?.();
      watcher?.close();
    },
  };
};

/** Without it (no watches left) the regular look is what remains. */
const watchFolder = (path: string, onChange: () => void): { close(): void } | undefined => {
  try {
    const watcher = watch(path, { persistent: false }, onChange);
    watcher.on('error', () => undefined);
    return watcher;
  } catch {
    return undefined;
  }
};

const expireRegularly = (folder: string, options: DirectoryStoreOptions, isNeeded: (id: string) => boolean): (() => void) => {
  const { clock, retentionMs = DEFAULT_RETENTION_MS } = options;
  let suspects: ReadonlySet<string> = new Set();
  let cancel = (): void => undefined;
  const expire = (): void => {
    suspects = expireTombstones(folder, { now: clock.now(), retentionMs, suspects }, (kind, key) => isNeeded(objectID(kind, key)));
    cancel = clock.after(EXPIRY_MS, expire);
  };
  expire();
  return () => cancel();
};
