// Opens the store that a `--store` text names: for the controller (openStore) or for commands (openClient).
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { OperatorError } from '../api/error.ts';
import type { LogReader } from '../output/log-store.ts';
import type { ClusterClientOptions, ClusterStoreOptions, OpenedClusterClient, OpenedClusterStore } from './cluster/open.ts';

export type { Election } from './cluster/lease.ts';

import type { DirectoryClientOptions, OpenedDirectoryClient } from './directory/client.ts';
import type { DirectoryStoreOptions, OpenedDirectoryStore } from './directory/store.ts';

export type Target =
  | {
      readonly type: 'dir';
      /** Absolute. */
      readonly path: string;
    }
  | { readonly type: 'cluster'; readonly context?: string };

type DirectoryTarget = Extract<Target, { type: 'dir' }>;
export type OpenedStore = Pick<OpenedClusterStore, 'store' | 'stateFolder' | 'close'> &
  Partial<Pick<OpenedDirectoryStore, 'tellLooked'> & Pick<OpenedClusterStore, 'election' | 'keep' | 'api' | 'namespace'>>;
export type OpenedClient = Omit<OpenedClusterClient, 'keep' | 'secret'> &
  Partial<Pick<OpenedClusterClient, 'keep' | 'secret'> & Pick<OpenedDirectoryClient, 'root'>>;
type DirectoryOptions = Omit<DirectoryClientOptions, 'openLog'>;

/** `dir:PATH` or `cluster[:CONTEXT]`; relative paths are taken from `directory`, `~/` from the home folder. */
export const parseTarget = (text: string, directory: string): Target => {
  if (text.startsWith('dir:') && text.length > 'dir:'.length) {
    // No shell expands it there.
    const path = text.slice('dir:'.length).replace(/^~(?=\/|$)/, () => homedir());
    return { type: 'dir', path: resolve(directory, path) };
  }
  if (text === 'cluster') return { type: 'cluster' };
  if (text.startsWith('cluster:') && text.length > 'cluster:'.length) return { type: 'cluster', context: text.slice('cluster:'.length) };
  throw new OperatorError('invalid', `--store ${JSON.stringify(text)} is not known: use dir:PATH or cluster[:CONTEXT]`);
};

export interface OpenStore {
  (target: DirectoryTarget, options: DirectoryStoreOptions): Promise<OpenedDirectoryStore>;
  (target: Target, options: DirectoryStoreOptions & ClusterStoreOptions): Promise<OpenedStore>;
}

export const openStore = (async (target: Target, options: DirectoryStoreOptions & ClusterStoreOptions): Promise<OpenedStore> => {
  if (target.type === 'cluster') return (await import('./cluster/open.ts')).openClusterStore(target, options);
  const { openDirectoryStore } = await import('./directory/store.ts');
  return openDirectoryStore(target.path, options);
}) as OpenStore;

export interface OpenClient {
  (target: DirectoryTarget, options: DirectoryOptions): Promise<OpenedDirectoryClient>;
  (target: Target, options: DirectoryOptions & ClusterClientOptions): Promise<OpenedClient>;
}

export const openClient = (async (target: Target, options: DirectoryOptions & ClusterClientOptions): Promise<OpenedClient> => {
  if (target.type === 'cluster') return (await import('./cluster/open.ts')).openClusterClient(target, options);
  const { openDirectoryClient } = await import('./directory/client.ts');
  return openDirectoryClient(target.path, { ...options, openLog: lazyLog });
}) as OpenClient;

/** Loads the reader of logs when one is read. */
const lazyLog: DirectoryClientOptions['openLog'] = (folder, log) => {
  // biome-ignore lint/style/noRestrictedImports: opening is wiring; a client reads logs, which lie beside the objects
  const open = async (): Promise<LogReader> => (await import('../output/open-log-reader.ts')).openLogReader(folder, log);
  return {
    size: async () => (await open()).size(),
    read: async function* (offset, signal) {
      yield* (await open()).read(offset, signal);
    },
    follow: async function* (offset, signal) {
      yield* (await open()).follow(offset, signal);
    },
  };
};
