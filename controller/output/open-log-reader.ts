// Reads one log of the log store, from any process: by offset, or as it grows. Lost ranges are passed over.
import { existsSync, type FSWatcher, watch } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { logFile, logFolder, readIndex, solidParts } from './log-files.ts';
import type { LogName, LogReader } from './log-store.ts';

const CHUNK_BYTES = 262_144;
/** Should the file system's notifications fail; they carry the usual case without delay. */
const SAFETY_POLL_MS = 1000;

export const openLogReader = (root: string, log: LogName): LogReader => {
  const folder = logFolder(root, log);
  const size = async (): Promise<number> => Math.max(await fileSize(folder), (await readIndex(folder)).holes.at(-1)?.[1] ?? 0);
  return {
    size,
    read: async function* (offset, signal) {
      yield* range(folder, offset, await size(), signal);
    },
    follow: async function* (offset, signal, ended) {
      let at = offset;
      const growth = watchGrowth(root, folder, signal, ended);
      try {
        while (!signal.aborted) {
          // Before looking: what is written in between must not be slept over.
          growth.forget();
          const isComplete = ended?.aborted ?? false;
          const end = await size();
          if (end > at) yield* range(folder, at, end, signal);
          else if (isComplete) return;
          else await growth.wait();
          at = Math.max(at, end);
        }
      } finally {
        growth.stop();
      }
    },
  };
};

async function* range(folder: string, from: number, to: number, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const parts = solidParts(from, to, (await readIndex(folder)).holes);
  if (parts.length === 0) return;
  const file = await open(logFile(folder), 'r');
  try {
    for (const [start, end] of parts) {
      for (let at = start; at < end && !signal?.aborted; ) {
        const wanted = Math.min(CHUNK_BYTES, end - at);
        const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, at);
        if (bytesRead === 0) return;
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    }
  } finally {
    await file.close();
  }
}

const fileSize = async (folder: string): Promise<number> =>
  stat(logFile(folder)).then(
    (found) => found.size,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return 0;
      throw error;
    },
  );

/** Wakes on changes in the log's folder; while that does not exist, in the nearest folder above it that does. */
const watchGrowth = (root: string, folder: string, signal: AbortSignal, ended: AbortSignal | undefined) => {
  let watched: string | undefined;
  let watcher: FSWatcher | undefined;
  let grown = false;
  let resume = () => {};
  const wake = () => {
    grown = true;
    resume();
  };
  const settle = () => {
    const place = [folder, dirname(folder), root].find((path) => existsSync(path));
    if (place === watched || place === undefined) return;
    watcher?.close();
    watched = place;
    try {
      watcher = watch(place, wake);
      watcher.on('error', wake);
    } catch {
      watcher = undefined; // no watches left on this machine: the poll goes on
    }
  };
  const poll = setInterval(wake, SAFETY_POLL_MS);
  signal.addEventListener('abort', wake);
  ended?.addEventListener('abort', wake);
  return {
    forget: () => {
      grown = false;
      settle();
    },
    wait: (): Promise<void> =>
      new Promise((resolve) => {
        resume = resolve;
        if (grown || signal.aborted) resolve();
      }),
    stop: () => {
      clearInterval(poll);
      signal.removeEventListener('abort', wake);
      ended?.removeEventListener('abort', wake);
      watcher?.close();
    },
  };
};
