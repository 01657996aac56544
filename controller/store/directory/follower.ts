// Keeps the stored objects following the files: turns hints into looks, looks into passes, and knows when nothing may be
// concluded from what is not there (a root that is missing, replaced or empty; Git at work).
import { errorMessage } from '../../api/error.ts';
import type { Problem } from '../client.ts';
import { createAlarm } from './alarm.ts';
import { gitFolder, gitOperation } from './git.ts';
import { createHints } from './hints.ts';
import { gitAtWork, noEvents, rootEmpty, rootMissing, rootReplaced } from './root-problems.ts';
import { createRootWatch } from './root-watch.ts';
import { type Scan, scan } from './scan.ts';
import type { PassResult, Sync, SyncContext } from './sync.ts';
import { identityOf } from './watcher.ts';

export interface Follower {
  /** The first passes, until everything that is there was read. */
  start(): Promise<void>;
  /** Look soon: at everything, or only at what is known to wait. */
  poke(isFull?: boolean): void;
  /** Deletions that were held back are meant. */
  confirm(): void;
  /** True while files may be about to be taken. */
  isBusy(): boolean;
  rootIdentity(): string | undefined;
  close(): Promise<void>;
}

export interface FollowerOptions {
  readonly context: SyncContext;
  readonly sync: Sync;
  readonly root: string;
  /** Device and inode of the root that the stored objects come from. */
  readonly knownRoot: string | undefined;
  readonly onProblems: (problems: readonly Problem[]) => void;
  readonly onSettled: () => void;
}

/** Files settle within this: what is due sooner belongs to the first look. */
const SETTLE_MS = 500;
const RESCAN_MS = 30_000;
const BLIND_RESCAN_MS = 2_000;
const GIT_RETRY_MS = 250;
const RETRY_MS = 2_000;

export const createFollower = ({ context, sync, root, knownRoot, ...options }: FollowerOptions): Follower => {
  const { clock, sources, folder } = context;
  let lastScan: Scan | undefined;
  let identity = knownRoot;
  let wantsFull = true;
  let confirmations = 0;
  let usedConfirmations = 0;
  let nextFullAt = 0;
  let isClosed = false;

  const alarm = createAlarm(clock, async () => {
    try {
      await pass();
    } catch (error) {
      wantsFull = true;
      options.onProblems([{ file: root, message: errorMessage(error) }]);
      alarm.set(clock.monotonic() + RETRY_MS);
    }
  });
  const hints = createHints({
    root,
    sources,
    clock,
    onHint: alarm.hint,
    onFull: () => {
      wantsFull = true;
    },
  });
  const watch = createRootWatch({ root, skip: folder, onEvent: hints.onEvent, onBlind: () => alarm.set(clock.monotonic()) });

  /** Looks at every file. Returns since when it may be relied on that what was not found is gone. */
  const lookAtAll = async (isConfirmed: boolean): Promise<number | undefined> => {
    const began = clock.monotonic();
    wantsFull = false;
    hints.clear();
    nextFullAt = began + (watch.blindness === undefined ? RESCAN_MS : BLIND_RESCAN_MS);
    lastScan = await scan(root, folder);
    hints.scanned(lastScan);
    for (const [path, signature] of lastScan.files) sources.observe(path, signature, clock.monotonic());
    const isSound = isConfirmed || (lastScan.isComplete && !lastScan.isEmpty && identity === identityOf(root));
    if (!isSound) return undefined;
    for (const path of absent(sources.paths, lastScan)) sources.forget(path);
    return began;
  };

  const report = (now: string, result: PassResult): void => {
    const isKnown = [...sources.paths].length > 0 || result.missing > 0;
    options.onProblems([
      ...(identity === now ? [] : [rootReplaced(root)]),
      ...(lastScan?.isEmpty && isKnown ? [rootEmpty(root)] : []),
      ...(watch.blindness === undefined ? [] : [noEvents(root, watch.blindness, BLIND_RESCAN_MS)]),
      ...(lastScan?.problems ?? []),
      ...result.problems,
    ]);
  };

  const wait = (blocked: Obstacle): void => {
    wantsFull = true;
    options.onProblems([blocked.problem, ...sources.problems()]);
    alarm.set(clock.monotonic() + blocked.retryMs);
  };

  /** While nothing is there a full look costs nothing, and ends the report that nothing is. */
  const isFullDue = (isConfirmed: boolean): boolean =>
    isConfirmed || wantsFull || lastScan?.isEmpty === true || clock.monotonic() >= nextFullAt;

  const pass = async (): Promise<void> => {
    const now = identityOf(root);
    if (now === undefined) {
      watch.lost();
      return wait({ problem: rootMissing(root), retryMs: RETRY_MS });
    }
    const git = gitObstacle(root);
    if (git) return wait(git);
    await watch.follow(now);
    // One that comes during this pass is for the next.
    const confirmed = confirmations;
    const isConfirmed = confirmed > usedConfirmations;
    if (identity === undefined || isConfirmed) identity = now;
    const isFull = identity !== now || isFullDue(isConfirmed);
    const scanBegan = isFull ? await lookAtAll(isConfirmed) : undefined;
    if (!isFull) hints.lookAtTouched();
    const result = await sync.pass({ scanBegan, isConfirmed });
    if (isFull && lastScan && isAllThere(lastScan, result, sources.paths)) identity = now;
    // Until every file has settled nothing is deleted.
    if (result.nextAt === Number.POSITIVE_INFINITY) usedConfirmations = confirmed;
    report(now, result);
    if (result.hasChanged && result.nextAt === Number.POSITIVE_INFINITY) options.onSettled();
    nextFullAt = Math.min(nextFullAt, result.scanAt);
    alarm.set(Math.min(alarm.dueAt, result.nextAt, nextFullAt));
  };

  return {
    start: async () => {
      await alarm.ring();
      // Look once more before anybody is told that this is all, unless that has to wait for Git or for the folder.
      while (alarm.dueAt - clock.monotonic() < SETTLE_MS && !isClosed && identityOf(root) !== undefined && !gitObstacle(root)) {
        const { promise, resolve } = Promise.withResolvers<void>();
        clock.after(Math.max(0, alarm.dueAt - clock.monotonic()) + 1, resolve);
        await promise;
        await alarm.settled();
      }
    },
    poke: (isFull = false) => {
      if (isFull) wantsFull = true;
      alarm.set(clock.monotonic());
    },
    confirm: () => {
      confirmations += 1;
      alarm.set(clock.monotonic());
    },
    isBusy: () => alarm.isRinging || wantsFull || hints.hasTouched,
    rootIdentity: () => identity,
    close: async () => {
      isClosed = true;
      await alarm.close();
      await watch.close();
    },
  };
};

interface Obstacle {
  readonly problem: Problem;
  readonly retryMs: number;
}

const gitObstacle = (root: string): Obstacle | undefined => {
  const git = gitFolder(root);
  const operation = git === undefined ? undefined : gitOperation(git);
  return operation === undefined ? undefined : { problem: gitAtWork(operation), retryMs: GIT_RETRY_MS };
};

/** All that was known is there again: a copy, or the same folder after a restart of the machine. */
const isAllThere = (last: Scan, result: PassResult, paths: Iterable<string>): boolean =>
  last.isComplete &&
  !last.isEmpty &&
  result.nextAt === Number.POSITIVE_INFINITY &&
  result.missing === 0 &&
  absent(paths, last).length === 0;

const absent = (paths: Iterable<string>, last: Scan): readonly string[] =>
  [...paths].filter((path) => !last.files.has(path) && !last.unreadable.includes(path));
