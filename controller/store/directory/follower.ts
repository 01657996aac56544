// Keeps the stored objects following the files: turns hints into looks, looks into passes, and knows when nothing may be
// concluded from what is not there (a root that is missing, replaced or empty; Git at work).
import { errorMessage } from '../../api/error.ts';
import type { Problem } from '../client.ts';
import { gitFolder, gitOperation } from './git.ts';
import { createHints } from './hints.ts';
import { type Scan, scan } from './scan.ts';
import type { PassResult, Sync, SyncContext } from './sync.ts';
import { identityOf, openWatcher, type Watcher } from './watcher.ts';

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

const QUIET_MS = 200;
const MAX_WAIT_MS = 2_000;
const RESCAN_MS = 30_000;
const BLIND_RESCAN_MS = 2_000;
const GIT_RETRY_MS = 250;
const RETRY_MS = 2_000;

export const createFollower = ({ context, sync, root, knownRoot, ...options }: FollowerOptions): Follower => {
  const { clock, sources, folder } = context;
  let lastScan: Scan | undefined;
  let identity = knownRoot;
  let watched: { readonly identity: string; readonly watcher: Watcher } | undefined;
  let blindness: string | undefined;
  let wantsFull = true;
  let isConfirmed = false;
  let nextFullAt = 0;
  let firstHint: number | undefined;
  let dueAt = Number.POSITIVE_INFINITY;
  let cancel: (() => void) | undefined;
  let running: Promise<void> = Promise.resolve();
  let isRunning = false;
  let isClosed = false;

  const schedule = (at: number): void => {
    if (isClosed) return;
    cancel?.();
    dueAt = at;
    cancel = clock.after(Math.max(0, at - clock.monotonic()), () => {
      dueAt = Number.POSITIVE_INFINITY;
      if (!isRunning) running = run();
    });
  };
  const hint = (): void => {
    const now = clock.monotonic();
    firstHint ??= now;
    schedule(Math.min(now + QUIET_MS, firstHint + MAX_WAIT_MS));
  };

  const hints = createHints({
    root,
    sources,
    clock,
    onHint: hint,
    onFull: () => {
      wantsFull = true;
    },
  });
  const rewatch = async (now: string): Promise<void> => {
    if (watched?.identity === now) return;
    await watched?.watcher.close();
    blindness = undefined;
    const onBlind = (reason: string): void => {
      blindness = reason;
      schedule(clock.monotonic());
    };
    watched = { identity: now, watcher: await openWatcher({ root, skip: folder, onEvent: hints.onEvent, onBlind }) };
  };

  /** Looks at every file. Returns since when it may be relied on that what was not found is gone. */
  const lookAtAll = async (): Promise<number | undefined> => {
    const began = clock.monotonic();
    wantsFull = false;
    hints.clear();
    nextFullAt = began + (blindness === undefined ? RESCAN_MS : BLIND_RESCAN_MS);
    lastScan = await scan(root, folder);
    hints.scanned(lastScan);
    for (const [path, signature] of lastScan.files) sources.observe(path, signature, clock.monotonic());
    const isSound = isConfirmed || (lastScan.isComplete && !lastScan.isEmpty && identity === identityOf(root));
    if (!isSound) return undefined;
    for (const path of absent(sources.paths, lastScan)) sources.forget(path);
    return began;
  };

  /** Why nothing may be looked at now. */
  const obstacle = (now: string | undefined): { readonly problem: Problem; readonly retryMs: number } | undefined => {
    const git = gitFolder(root);
    const operation = git === undefined ? undefined : gitOperation(git);
    if (now === undefined) return { problem: rootMissing(root), retryMs: RETRY_MS };
    return operation === undefined ? undefined : { problem: gitAtWork(operation), retryMs: GIT_RETRY_MS };
  };
  const report = (now: string, result: PassResult): void => {
    const isKnown = [...sources.paths].length > 0 || result.missing > 0;
    options.onProblems([
      ...(identity === now ? [] : [rootReplaced(root)]),
      ...(lastScan?.isEmpty && isKnown ? [rootEmpty(root)] : []),
      ...(blindness === undefined ? [] : [noEvents(root, blindness)]),
      ...(lastScan?.problems ?? []),
      ...result.problems,
    ]);
  };

  const pass = async (): Promise<void> => {
    const now = identityOf(root);
    const blocked = obstacle(now);
    if (now === undefined || blocked) {
      wantsFull = true;
      options.onProblems([...(blocked ? [blocked.problem] : []), ...sources.problems()]);
      schedule(clock.monotonic() + (blocked?.retryMs ?? RETRY_MS));
      return;
    }
    await rewatch(now);
    identity ??= now;
    if (isConfirmed) identity = now;
    // Costs nothing while nothing was there, and ends the report that nothing is.
    const isFull = wantsFull || lastScan?.isEmpty || clock.monotonic() >= nextFullAt || identity !== now;
    const scanBegan = isFull ? await lookAtAll() : undefined;
    if (!isFull) hints.lookAtTouched();
    const result = await sync.pass({ scanBegan, isConfirmed });
    if (isFull && lastScan && isAllThere(lastScan, result, sources.paths)) identity = now;
    if (isFull) isConfirmed = false;
    report(now, result);
    if (result.hasChanged && result.nextAt === Number.POSITIVE_INFINITY) options.onSettled();
    nextFullAt = Math.min(nextFullAt, result.scanAt);
    schedule(Math.min(dueAt, result.nextAt, nextFullAt));
  };

  const run = async (): Promise<void> => {
    isRunning = true;
    firstHint = undefined;
    try {
      await pass();
    } catch (error) {
      wantsFull = true;
      options.onProblems([{ file: root, message: errorMessage(error) }]);
      schedule(clock.monotonic() + RETRY_MS);
    } finally {
      isRunning = false;
      // What came due meanwhile found the pass running.
      if (dueAt === Number.POSITIVE_INFINITY) schedule(clock.monotonic() + QUIET_MS);
    }
  };

  return {
    start: async () => {
      await run();
      // Files settle: look once more before anybody is told that this is all.
      while (dueAt - clock.monotonic() < MAX_WAIT_MS / 4 && identityOf(root) !== undefined && !isClosed) {
        const { promise, resolve } = Promise.withResolvers<void>();
        clock.after(Math.max(0, dueAt - clock.monotonic()) + 1, resolve);
        await promise;
        await running;
        if (gitFolder(root) !== undefined && gitOperation(gitFolder(root) ?? '') !== undefined) return;
      }
    },
    poke: (isFull = false) => {
      if (isFull) wantsFull = true;
      schedule(clock.monotonic());
    },
    confirm: () => {
      isConfirmed = true;
      wantsFull = true;
      schedule(clock.monotonic());
    },
    isBusy: () => isRunning || wantsFull || hints.hasTouched,
    rootIdentity: () => identity,
    close: async () => {
      isClosed = true;
      cancel?.();
      await running;
      await watched?.watcher.close();
    },
  };
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

const rootMissing = (root: string): Problem => ({
  file: root,
  message: 'the folder is missing or cannot be read: nothing is deleted; bring it back',
});

const rootReplaced = (root: string): Problem => ({
  file: root,
  message:
    "another folder has taken this one's place: nothing is deleted until all files are there again, or 'berth apply --confirm-prune' says it is meant",
});

const rootEmpty = (root: string): Problem => ({
  file: root,
  message: "the folder is empty: nothing is deleted; bring the files back, or run 'berth apply --confirm-prune' if it is meant",
});

const noEvents = (root: string, code: string): Problem => ({
  file: root,
  message: `the system allows no more watches (${code}; see fs.inotify.max_user_watches): looked at every ${BLIND_RESCAN_MS / 1_000} s instead`,
});

const gitAtWork = (operation: string): Problem => ({ file: operation, message: 'Git is at work: no file is taken until it is done' });
