// The directory store as the controller sees it: holds the lock, follows the files, takes up verbs, and stores what the
// reconcilers write. The parts are put together here, and nothing else is done.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, timestamp } from '../../api/clock.ts';
import { type Kind, keyOf, type Resource } from '../../api/object.ts';
import type { Holder } from '../client.ts';
import type { Store } from '../store.ts';
import { createDamaged } from './damaged.ts';
import { createEventRecorder } from './events.ts';
import { expireRegularly } from './expire-tombstones.ts';
import { followRequests } from './follow-requests.ts';
import { createFollower } from './follower.ts';
import { gitFolder } from './git.ts';
import { acquireLock } from './lock.ts';
import { objectID } from './manifest-file.ts';
import { SOURCE_ANNOTATION } from './merge.ts';
import { createMirror } from './mirror.ts';
import { createObjects, type Objects } from './objects.ts';
import { createProblemReport } from './problems.ts';
import { readIndex, writeIndex } from './source-index.ts';
import { createSources } from './sources.ts';
import { loadState } from './state-files.ts';
import { makeStateFolder, stateFolderFor } from './state-folder.ts';
import { createSync } from './sync.ts';
import { buryObject } from './tombstones.ts';
import { openVersions } from './versions.ts';
import { createStore } from './write-store.ts';

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
  /** Tells commands that what they see is of now: every VM was looked at since the start. */
  tellLooked(): Promise<void>;
  close(): Promise<void>;
}

const INDEX_DELAY_MS = 2_000;

/** Resolves when all that is there was read. Throws OperatorError('denied') when another controller has it. */
export const openDirectoryStore = async (root: string, options: DirectoryStoreOptions): Promise<OpenedDirectoryStore> => {
  const folder = stateFolderFor(root, options);
  makeRoot(root, folder);
  const check = makeStateFolder(folder);
  const holder = { ...options.holder, startTime: timestamp(options.clock.now()) };
  const lock = await acquireLock(folder, holder);
  try {
    const opened = await openLocked(root, folder, check, options, () => lock.release());
    return { ...opened, tellLooked: () => lock.tell({ ...holder, lookedTime: timestamp(options.clock.now()) }) };
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
): Promise<Omit<OpenedDirectoryStore, 'tellLooked'>> => {
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
    afterRemoval: (object) => lookAgain(idOf(object)),
  });
  const lookAgain = (id: string): void => {
    sync.revisit(id);
    sync.defined(id, sources.definers(id).length > 0);
    follower.poke();
  };
  const sources = createSources({
    root,
    indexed: index?.files ?? new Map(),
    storedIDs: (path) => fromFile(objects, path),
    onDefiners: (id, isDefined) => sync.defined(id, isDefined),
  });
  const damaged = createDamaged({
    clock,
    files: loaded.damaged,
    adopt: (object) => objects.write(object.kind as Kind, keyOf(object), (stored) => stored ?? object),
    onSettled: lookAgain,
  });
  const context = { folder, clock, newUID, objects, sources, damaged, record: events.record };
  const sync = createSync(context);
  for (const object of loaded.objects) {
    if (!isFromFile(object)) continue;
    sync.defined(idOf(object), false);
  }
  const problems = createProblemReport(folder, options.onProblem);
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
    onProblems: (found) => problems.report([...damaged.problems(), ...found]),
    onSettled: () => {
      cancelIndex ??= clock.after(INDEX_DELAY_MS, () => void saveIndex());
    },
  });
  await follower.start();
  const verbs = followRequests(folder, {
    ...options,
    objects,
    damaged,
    isBusy: follower.isBusy,
    poke: follower.poke,
    confirm: follower.confirm,
    problems,
    record: events.record,
  });
  await verbs.fold();
  const isMirrored = options.writeStatus !== 'never' && gitFolder(root) === undefined;
  const mirror = createMirror({ root, objects, sources, clock });
  const cancelExpiry = expireRegularly(folder, { ...options, tell: problems.tell }, (id) => sources.definers(id).length > 0);
  return {
    stateFolder: folder,
    store: createStore({
      folder,
      objects,
      context,
      damaged,
      environment: options.environment,
      onMilestone: (object) => isMirrored && mirror.add(object),
    }),
    close: async () => {
      cancelExpiry();
      await verbs.close();
      await damaged.close();
      await follower.close();
      await mirror.close();
      cancelIndex?.();
      await saveIndex();
      events.flush();
      release();
    },
  };
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
