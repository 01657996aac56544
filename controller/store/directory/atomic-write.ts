// Durable writes: a reader, or a crash at any instant, sees the whole old file or the whole new one (temp, fsync, rename,
// fsync of the folder). Foreign errors become OperatorErrors here.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorMessage, OperatorError } from '../../api/error.ts';

export interface FileContent {
  readonly path: string;
  readonly text: string;
}

/** In bulk, synchronous calls cost a fifth of asynchronous ones. */
const YIELD_EVERY = 100;

let temporaries = 0;

export const writeAtomic = async (path: string, text: string, mode = 0o644): Promise<void> => {
  const temporary = temporaryFor(path);
  try {
    await writeTemporary(temporary, text, mode);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw writeError(path, error);
  }
};

/**
 * As writeAtomic for each file, but for thousands: one syncfs(2) stands for all their fsyncs, which cost a disk flush
 * each (10,000 of them took 12 s, this 1.5 s). Not atomic as a whole: after a crash some are written and some are not.
 */
export const writeManyAtomic = async (files: readonly FileContent[]): Promise<void> => {
  const temporaries: string[] = [];
  try {
    for (const [index, file] of files.entries()) {
      const temporary = temporaryFor(file.path);
      temporaries.push(temporary);
      writeNow(temporary, file.text);
      if (index % YIELD_EVERY === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await syncAll(temporaries);
    for (const [index, file] of files.entries()) renameSync(temporaries[index] ?? '', file.path);
    for (const folder of new Set(files.map((file) => dirname(file.path)))) await syncFolder(folder);
  } catch (error) {
    await Promise.all(temporaries.map((temporary) => unlink(temporary).catch(() => undefined)));
    throw writeError(files[0]?.path ?? 'nothing', error);
  }
};

/** Removes durably; a file that is not there counts as removed. */
export const removeDurably = async (path: string): Promise<void> => {
  try {
    await unlink(path);
    await syncFolder(dirname(path));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw writeError(path, error);
  }
};

export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** `unavailable`: a full or read-only disk is mended by people, and the write is tried again. */
export const writeError = (path: string, error: unknown): OperatorError => {
  if (error instanceof OperatorError) return error;
  const hint = HINTS[codeOf(error) ?? ''] ?? '';
  return new OperatorError('unavailable', `cannot write ${path}: ${errorMessage(error)}${hint}`, { cause: error });
};

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: ' (the disk is full: free some space; nothing is lost, and Berth goes on by itself)',
  EDQUOT: ' (the disk quota is used up: free some space; nothing is lost, and Berth goes on by itself)',
  EROFS: ' (the file system is read-only: name a writable folder with --state)',
  EACCES: ' (permission denied: run as the owner of the folder, or name another with --state)',
};

/** Dot-names are passed over by every scan, so a leftover of a crash is never read. */
const temporaryFor = (path: string): string => {
  temporaries += 1;
  return join(dirname(path), `.${basename(path)}.${process.pid}-${temporaries}.tmp`);
};

const writeTemporary = async (path: string, text: string, mode: number): Promise<void> => {
  const file = await open(path, 'wx', mode).catch(async (error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
    await mkdir(dirname(path));
    return open(path, 'wx', mode);
  });
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
};

const writeNow = (path: string, text: string): void => {
  try {
    writeFileSync(path, text, { flag: 'wx' });
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    mkdirSync(dirname(path));
    writeFileSync(path, text, { flag: 'wx' });
  }
};

const syncAll = async (paths: readonly string[]): Promise<void> => {
  const first = paths[0];
  if (first === undefined) return;
  // Loaded here: commands that only read would pay for it, too.
  const [{ execFile }, { promisify }] = await Promise.all([import('node:child_process'), import('node:util')]);
  const isDone = await promisify(execFile)('sync', ['-f', first]).then(
    () => true,
    () => false,
  );
  if (isDone) return;
  for (const path of paths) await syncFolder(path);
};

const syncFolder = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};
