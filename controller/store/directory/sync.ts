// One pass from the files to the stored objects: reads what settled, merges, deletes what is surely gone. Level-triggered:
// what a pass cannot do now it does in a later one.
import type { Clock } from '../../api/clock.ts';
import type { Kind, ObjectKey, Resource } from '../../api/object.ts';
import type { Problem } from '../client.ts';
import { ensureBuiltinPools } from './builtin-pool.ts';
import type { Damaged } from './damaged.ts';
import { requestDeletion } from './deleting.ts';
import { EMPTY_GUARD, type GuardState, guardDeletions } from './deletion-guard.ts';
import type { DirectoryEvent } from './events.ts';
import { objectID, parseID } from './manifest-file.ts';
import { SOURCE_ANNOTATION } from './merge.ts';
import { limitObjects } from './object-limit.ts';
import type { Objects } from './objects.ts';
import { problemText } from './problems.ts';
import { type Resolution, resolveObject } from './resolve.ts';
import type { Sources } from './sources.ts';
import { createFileTeller } from './tell-files.ts';
import { buryObject, lookAtTombstone, standingTombstones } from './tombstones.ts';

export interface SyncContext {
  readonly folder: string;
  readonly clock: Clock;
  readonly newUID: () => string;
  readonly objects: Objects;
  readonly sources: Sources;
  readonly damaged: Pick<Damaged, 'has'>;
  readonly record: (event: DirectoryEvent) => void;
}

export interface Sync {
  /** `scanBegan` (monotonic): the start of the complete scan this pass follows; undefined when none was. */
  pass(look: { readonly scanBegan: number | undefined; readonly isConfirmed: boolean }): Promise<PassResult>;
  /** Objects to look at again in the next pass. */
  revisit(id: string): void;
  defined(id: string, isDefined: boolean): void;
  isInEffect(id: string): boolean;
}

export interface PassResult {
  readonly problems: readonly Problem[];
  /** Monotonic time of the next pass that is needed without any change. */
  readonly nextAt: number;
  /** A complete scan is wanted by then. */
  readonly scanAt: number;
  readonly hasChanged: boolean;
  /** Objects whose file is gone. */
  readonly missing: number;
}

const BULK = 2_000;
const NOTHING_DELETED = { scanAt: Number.POSITIVE_INFINITY, count: 0 };

export const createSync = (context: SyncContext): Sync => {
  const { objects, sources, clock } = context;
  let guard: GuardState = EMPTY_GUARD;
  const dirty = new Set<string>();
  const undefinedIDs = new Set<string>();
  const problems = new Map<string, Problem>();
  const tellFiles = createFileTeller(context);
  let hasSeenAll = false;

  const resolveAll = async (): Promise<boolean> => {
    const fresh = new Map<string, Resource>();
    const ids = [...dirty];
    if (ids.length === 0) return false;
    const withinLimit = limitObjects(countObjects(objects));
    for (const [index, id] of ids.entries()) {
      const resolution = withinLimit(await resolveObject(context, id), id, sources.definers(id)[0]);
      note(problems, id, resolution, context);
      if (resolution.create) fresh.set(id, resolution.create);
      else if (resolution.isDone) dirty.delete(id);
      if (fresh.size < BULK && index < ids.length - 1) continue;
      await objects.createMany([...fresh.values()]);
      for (const created of fresh.keys()) dirty.delete(created);
      fresh.clear();
    }
    return true;
  };

  const missing = (): ReadonlySet<string> => {
    const ids = [...undefinedIDs].filter((id) => isManaged(storedBy(objects, id)));
    return new Set(ids);
  };

  const deleteMissing = async (scanBegan: number | undefined, isConfirmed: boolean): Promise<{ scanAt: number; count: number }> => {
    const total = undefinedIDs.size === 0 ? 0 : countObjects(objects);
    const decision = guardDeletions(guard, { now: clock.monotonic(), total, missing: missing(), scanBegan, isConfirmed });
    if (decision.state.isHeld && !guard.isHeld) tellHeld(context, decision.state.missing);
    guard = decision.state;
    for (const id of decision.remove) await requestDeletion(context, id);
    return { scanAt: decision.scanAt ?? Number.POSITIVE_INFINITY, count: decision.remove.length };
  };

  /** While no controller ran, the files of tombstones may have gone. */
  const seeAll = (): void => {
    if (hasSeenAll) return;
    hasSeenAll = true;
    const isDefined = (kind: Kind, key: ObjectKey): boolean => sources.definers(objectID(kind, key)).length > 0;
    for (const { kind, key } of standingTombstones(context.folder, isDefined)) undefinedIDs.add(objectID(kind, key));
  };

  return {
    revisit: (id) => {
      dirty.add(id);
    },
    defined: (id, isDefined) => {
      if (isDefined) undefinedIDs.delete(id);
      else undefinedIDs.add(id);
    },
    isInEffect: (id) => !dirty.has(id) && !problems.has(id) && sources.definers(id).length === 1,
    pass: async (look) => {
      const read = await sources.read(clock.monotonic());
      for (const id of read.changed) dirty.add(id);
      const hasResolved = await resolveAll();
      const ofFiles = sources.problems();
      // A file that is being written may define what seems missing (it was moved).
      const isSettled = read.nextAt === undefined;
      if (isSettled && look.scanBegan !== undefined) seeAll();
      if (isSettled) await forgetStanding(context, undefinedIDs, ofFiles);
      const deletion = isSettled ? await deleteMissing(look.scanBegan, look.isConfirmed) : NOTHING_DELETED;
      await ensureBuiltinPools(context);
      tellFiles(ofFiles);
      return {
        problems: [...ofFiles, ...problems.values(), ...heldProblem(guard)],
        nextAt: read.nextAt ?? Number.POSITIVE_INFINITY,
        scanAt: deletion.scanAt,
        hasChanged: hasResolved || deletion.count > 0,
        missing: missing().size,
      };
    },
  };
};

const countObjects = (objects: Objects): number => objects.list('Session').length + objects.list('VMPool').length;

const storedBy = (objects: Objects, id: string): Resource | undefined => {
  const { kind, key } = parseID(id);
  return objects.get(kind, key);
};

/** Made from a file, and not leaving yet. */
const isManaged = (stored: Resource | undefined): boolean =>
  stored?.metadata.annotations?.[SOURCE_ANNOTATION] !== undefined && stored.metadata.deletionTimestamp === undefined;

/** Once its file is gone, a file of that name means something again. */
const forgetStanding = async (context: SyncContext, undefinedIDs: Set<string>, ofFiles: readonly Problem[]): Promise<void> => {
  const refused = new Set<string | undefined>(ofFiles.map(({ file }) => file));
  for (const id of undefinedIDs) {
    const stored = storedBy(context.objects, id);
    if (stored) continue;
    const { kind, key } = parseID(id);
    const looked = lookAtTombstone(context.folder, kind, key);
    if ('problem' in looked) continue;
    const { tombstone } = looked;
    // A file that cannot be taken may still define it.
    if (refused.has(tombstone?.object.metadata.annotations?.[SOURCE_ANNOTATION])) continue;
    undefinedIDs.delete(id);
    if (tombstone?.fileStood) await buryObject(context.folder, tombstone.object, false);
  }
};

const note = (problems: Map<string, Problem>, id: string, resolution: Resolution, context: SyncContext): void => {
  const before = problems.get(id);
  if (!resolution.problem) {
    problems.delete(id);
    return;
  }
  problems.set(id, resolution.problem);
  const stored = storedBy(context.objects, id);
  if (!stored || before?.message === resolution.problem.message) return;
  context.record({ type: 'Warning', reason: 'ManifestNotTaken', message: problemText(resolution.problem), regarding: regarding(stored) });
};

const heldProblem = (guard: GuardState): readonly Problem[] =>
  guard.isHeld ? [{ file: '.', message: heldMessage(guard.missing.size) }] : [];

const heldMessage = (count: number): string =>
  `the files of ${count} objects vanished at once, so none of them is deleted: bring the files back, or run 'berth apply --confirm-prune' if it is meant`;

const tellHeld = (context: SyncContext, missing: ReadonlyMap<string, number>): void => {
  const id = missing.keys().next().value;
  const stored = id === undefined ? undefined : storedBy(context.objects, id);
  if (stored) context.record({ type: 'Warning', reason: 'DeletionHeld', message: heldMessage(missing.size), regarding: regarding(stored) });
};

const regarding = ({ kind, metadata }: Resource): DirectoryEvent['regarding'] => ({
  kind,
  namespace: metadata.namespace,
  name: metadata.name,
});
