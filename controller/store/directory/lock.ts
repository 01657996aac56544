// One controller per state folder. SQLite's lock on a file is a POSIX record lock: the kernel releases it when the
// process dies however it dies, it holds between containers that share the volume, and node:sqlite is part of Node
// (which has no flock). Nothing else may open the file: closing any descriptor of it would drop the lock.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { OperatorError } from '../../api/error.ts';
import type { Holder } from '../client.ts';
import { writeAtomic } from './atomic-write.ts';

export interface Lock {
  /** Tells more of the holder, or nothing once released. */
  tell(holder: Holder): Promise<void>;
  release(): void;
}

/** Throws OperatorError('denied') naming the holder when another controller has the folder. */
export const acquireLock = async (folder: string, holder: Holder): Promise<Lock> => {
  // Longer than the moment for which holderOf may have it.
  const database = await tryLock(folder, 'BEGIN EXCLUSIVE', 500);
  if (!database) throw new OperatorError('denied', heldMessage(folder, readHolder(folder)));
  // That of a killed controller: from now on it would pass for ours.
  rmSync(holderPath(folder), { force: true });
  const write = (told: Holder): Promise<void> => writeAtomic(holderPath(folder), `${JSON.stringify(told)}\n`);
  await write(holder);
  let isReleased = false;
  return {
    tell: async (told) => (isReleased ? undefined : write(told)),
    release: () => {
      isReleased = true;
      // Where the folder was moved away meanwhile, another may have been made in its place, with a controller of its own.
      if (isSame(readHolder(folder), holder)) rmSync(holderPath(folder), { force: true });
      database.close();
    },
  };
};

/** The controller that has the folder now. The lock decides, not the file: that of a killed controller stays behind. */
export const holderOf = async (folder: string): Promise<Holder | undefined> => {
  if (!readHolder(folder)) return undefined;
  const database = await tryLock(folder, 'BEGIN; SELECT count(*) FROM sqlite_schema', 0);
  database?.close();
  return database ? undefined : readHolder(folder);
};

const isSame = (a: Holder | undefined, b: Holder): boolean => a?.pid === b.pid && a.host === b.host && a.startTime === b.startTime;

const holderPath = (folder: string): string => join(folder, 'holder.json');

const heldMessage = (folder: string, holder: Holder | undefined): string =>
  holder
    ? `the state folder ${folder} is held by another controller: process ${holder.pid} on ${holder.host}, since ${holder.startTime} (${holder.command})`
    : `the state folder ${folder} is held by another controller that is just starting`;

const tryLock = async (folder: string, statement: string, timeout: number): Promise<{ close(): void } | undefined> => {
  const { DatabaseSync } = await loadSQLite();
  const database = new DatabaseSync(join(folder, 'lock'), { timeout });
  try {
    database.exec(statement);
    return database;
  } catch (error) {
    database.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return undefined;
    throw new OperatorError('unavailable', `cannot lock ${join(folder, 'lock')}: ${String(error)}`, { cause: error });
  }
};

const SQLITE_BUSY = 5;

/** Node 22 warns that node:sqlite is experimental, on stderr, which belongs to our user. */
const loadSQLite = async (): Promise<typeof import('node:sqlite')> => {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return await import('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
};

const readHolder = (folder: string): Holder | undefined => {
  try {
    return JSON.parse(readFileSync(holderPath(folder), 'utf8')) as Holder;
  } catch {
    return undefined;
  }
};
