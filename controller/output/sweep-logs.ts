// Removes the logs of sessions that have been gone for longer than the retention. Only what is nobody's goes.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogName, LogStore } from './log-store.ts';

export interface Sweep {
  readonly root: string;
  readonly logs: Pick<LogStore, 'remove'>;
  /** True while there is a session, or a memory of one, that the log belongs to. */
  readonly isKnown: (log: LogName) => boolean;
  /** Milliseconds since the epoch: what was last written before is old. */
  readonly before: number;
}

/** How many logs were removed. */
export const sweepLogs = async ({ root, logs, isKnown, before }: Sweep): Promise<number> => {
  let removed = 0;
  for (const namespace of await names(root)) {
    for (const entry of await names(join(root, namespace))) {
      const log = logName(namespace, entry);
      if (!log || isKnown(log) || (await lastWritten(join(root, namespace, entry))) >= before) continue;
      await logs.remove(log);
      removed += 1;
    }
  }
  return removed;
};

const names = async (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => []);

const logName = (namespace: string, entry: string): LogName | undefined => {
  const dot = entry.lastIndexOf('.');
  return dot <= 0 ? undefined : { namespace, name: entry.slice(0, dot), uid: entry.slice(dot + 1) };
};

/** A folder's own time changes only with its entries: the newest of its files counts. */
const lastWritten = async (folder: string): Promise<number> => {
  const times = (await names(folder)).map(async (name) => (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0);
  return Math.max((await stat(folder)).mtimeMs, ...(await Promise.all(times)));
};
