// Where a log lies on disk: the bytes at their own offsets in `log`, and `index.json` beside it: the holes, and a count
// up to some offset so that a restart need not read gigabytes again.
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LogName } from './log-store.ts';

export interface LogIndex {
  /** The counts below cover the first `bytes` bytes; what follows is counted on opening. */
  readonly bytes: number;
  readonly newlines: number;
  readonly ready?: string;
  readonly last?: string;
  /** Ranges [from, to) that are lost; ascending. */
  readonly holes: readonly (readonly [number, number])[];
  /** Where the last attempt begins; undefined for the first one. */
  readonly begun?: Beginning;
}

export interface Beginning {
  readonly attempt: number;
  readonly offset: number;
}

const EMPTY: LogIndex = { bytes: 0, newlines: 0, holes: [] };

export const logFolder = (root: string, log: LogName): string => join(root, log.namespace, `${log.name}.${log.uid}`);
export const logFile = (folder: string): string => join(folder, 'log');
const indexFile = (folder: string): string => join(folder, 'index.json');

/** Not the root: one that is missing was moved away, and is not to be made anew. */
export const makeLogFolder = async (folder: string): Promise<void> => {
  for (const path of [dirname(folder), folder]) {
    await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
};

export const readIndex = async (folder: string): Promise<LogIndex> => {
  const text = await readFile(indexFile(folder), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? EMPTY : JSON.parse(text);
};

export const writeIndex = async (folder: string, index: LogIndex): Promise<void> => {
  const temporary = `${indexFile(folder)}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify(index));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, indexFile(folder));
  await syncFolder(dirname(indexFile(folder)));
};

export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** The parts of [from, to) that are not lost. */
export const solidParts = (from: number, to: number, holes: LogIndex['holes']): readonly (readonly [number, number])[] => {
  const parts: [number, number][] = [];
  let at = from;
  for (const [start, end] of holes) {
    if (end <= at || start >= to) continue;
    if (start > at) parts.push([at, start]);
    at = end;
  }
  if (at < to) parts.push([at, to]);
  return parts;
};
