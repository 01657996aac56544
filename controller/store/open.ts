// Opens the store that a `--store` text names: for the controller (openStore) or for commands (openClient).
import { resolve } from 'node:path';
import { OperatorError } from '../api/error.ts';
import type { LogReader } from '../output/log-store.ts';
import type { DirectoryClientOptions, OpenedDirectoryClient } from './directory/client.ts';
import type { DirectoryStoreOptions, OpenedDirectoryStore } from './directory/store.ts';

export interface Target {
  readonly type: 'dir';
  /** Absolute. */
  readonly path: string;
}

export type StoreOptions = DirectoryStoreOptions;
export type ClientOptions = Omit<DirectoryClientOptions, 'openLog'>;

/** `dir:PATH`; relative paths are taken from `directory`. */
export const parseTarget = (text: string, directory: string): Target => {
  if (text.startsWith('dir:') && text.length > 'dir:'.length) return { type: 'dir', path: resolve(directory, text.slice('dir:'.length)) };
  if (text === 'cluster' || text.startsWith('cluster:')) {
    throw new OperatorError('invalid', `--store ${text}: this version of Berth keeps its resources in a directory only: use dir:PATH`);
  }
  throw new OperatorError('invalid', `--store ${JSON.stringify(text)} is not known: use dir:PATH`);
};

export const openStore = async (target: Target, options: StoreOptions): Promise<OpenedDirectoryStore> => {
  const { openDirectoryStore } = await import('./directory/store.ts');
  return openDirectoryStore(target.path, options);
};

export const openClient = async (target: Target, options: ClientOptions): Promise<OpenedDirectoryClient> => {
  const { openDirectoryClient } = await import('./directory/client.ts');
  return openDirectoryClient(target.path, { ...options, openLog: lazyLog });
};

/** Loads the reader of logs when one is read. */
const lazyLog: DirectoryClientOptions['openLog'] = (folder, log) => {
  // biome-ignore lint/style/noRestrictedImports: opening is wiring; a client reads logs, which lie beside the objects
  const open = async (): Promise<LogReader> => (await import('../output/open-log-reader.ts')).openLogReader(folder, log);
  return {
    size: async () => (await open()).size(),
    lastLines: async (lines) => (await open()).lastLines(lines),
    read: async function* (offset, signal) {
      yield* (await open()).read(offset, signal);
    },
    follow: async function* (offset, signal) {
      yield* (await open()).follow(offset, signal);
    },
  };
};
