// The log store on local disk: one folder a log, one writer at a time a log, no file kept open.
import { mkdir, rm, statfs } from 'node:fs/promises';
import { OperatorError } from '../api/error.ts';
import { logFolder } from './log-files.ts';
import { appendTo, beginAttempt, type LogState, loadState, skipTo, summarize } from './log-state.ts';
import type { LogName, LogStore, RunLog } from './log-store.ts';

const MINIMUM_FREE_BYTES = 64 << 20;
const MINIMUM_FREE_SHARE = 0.01;
/** Logs whose state is kept in memory (about 20 KB each); the others are looked up again. */
const REMEMBERED_LOGS = 1000;

export const openLogStore = ({ root }: { readonly root: string }): LogStore => {
  const states = new Map<string, LogState>();
  const inTurn = oneAtATime();
  /** Made once: a folder that is missing later was moved away. */
  let isMade = false;
  const ready = async (): Promise<void> => {
    if (!isMade) await mkdir(root, { recursive: true, mode: 0o700 });
    isMade = true;
  };

  const stateOf = async (folder: string): Promise<LogState> => states.get(folder) ?? loadState(folder);
  const remember = (folder: string, state: LogState): LogState => {
    states.delete(folder);
    states.set(folder, state);
    const oldest = states.keys().next();
    if (states.size > REMEMBERED_LOGS && !oldest.done) states.delete(oldest.value);
    return state;
  };
  /** What a failed write left behind is found out by reading the log again. */
  const change = async (folder: string, make: (state: LogState) => Promise<LogState>) => {
    const state = await stateOf(folder);
    states.delete(folder);
    return summarize(remember(folder, await make(state)));
  };

  return {
    begin: (run) => {
      const folder = logFolder(root, run);
      return inTurn(folder, async () => {
        await ready();
        const state = await stateOf(folder);
        if (run.attempt < state.begun.attempt) throw replaced(run, state.begun.attempt);
        const next = run.attempt === state.begun.attempt ? state : await beginAttempt(folder, state, run.attempt);
        return remember(folder, next).begun.offset;
      });
    },
    append: (run, offset, bytes) => {
      const folder = logFolder(root, run);
      return inTurn(folder, () =>
        change(folder, async (state) => {
          await ready();
          if (run.attempt < state.begun.attempt) return state;
          if (offset > state.bytes) throw behind(run, state.bytes, offset);
          const fresh = bytes.subarray(Math.min(bytes.length, state.bytes - offset));
          return fresh.length === 0 ? state : appendTo(folder, state, fresh);
        }),
      );
    },
    summary: (log) => {
      const folder = logFolder(root, log);
      return inTurn(folder, async () => summarize(remember(folder, await stateOf(folder))));
    },
    skip: (run, to) => {
      const folder = logFolder(root, run);
      return inTurn(folder, () =>
        change(folder, async (state) => {
          await ready();
          return run.attempt < state.begun.attempt || to <= state.bytes ? state : skipTo(folder, state, to);
        }),
      );
    },
    remove: (log) => {
      const folder = logFolder(root, log);
      return inTurn(folder, async () => {
        states.delete(folder);
        await rm(folder, { recursive: true, force: true });
      });
    },
    hasSpace: async () => {
      await ready();
      return hasSpace(root);
    },
  };
};

/** Calls for the same key one after the other, different keys side by side. */
const oneAtATime = () => {
  const last = new Map<string, Promise<unknown>>();
  return <T>(key: string, run: () => Promise<T>): Promise<T> => {
    const result = (last.get(key) ?? Promise.resolve()).then(run, run);
    last.set(key, result);
    const forget = () => {
      if (last.get(key) === result) last.delete(key);
    };
    result.then(forget, forget);
    return result;
  };
};

const behind = (log: LogName, bytes: number, offset: number): OperatorError =>
  new OperatorError('conflict', `log of ${log.namespace}/${log.name}: bytes from ${offset} on were offered, but it ends at ${bytes}`);

const replaced = ({ namespace, name, attempt }: RunLog, by: number): OperatorError =>
  new OperatorError('conflict', `log of ${namespace}/${name}: attempt ${attempt} is over, attempt ${by} has begun`);

const hasSpace = async (root: string): Promise<boolean> => {
  const { bavail, blocks, bsize } = await statfs(root).catch((cause: unknown) => {
    throw new OperatorError('unavailable', `the folder of logs, ${root}, is missing or cannot be read: bring it back`, { cause });
  });
  return bavail * bsize >= Math.max(MINIMUM_FREE_BYTES, blocks * bsize * MINIMUM_FREE_SHARE);
};
