// Which host serves which VM object: one small file a host in the controller's state folder, made before anything is done on
// the host and removed when the host is free again, so that a crash at any instruction is gone on with from the file.
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { SSHHost } from './settings.ts';

export interface Lease {
  readonly host: SSHHost;
  readonly vmUID: string;
  readonly createdTime: string;
  /** Set before the first change on the host: from then on there may be something to clean up. */
  readonly touched?: boolean;
  /** The host has another master; says who. */
  readonly inUse?: string;
  /** On its way back into the pool. `lost`: out of reach meanwhile; no machine any more, and not free either. */
  readonly release?: 'asked' | 'lost';
}

/** Names one lease, not whatever else the host may serve later. */
export interface LeaseID {
  readonly poolUID: string;
  readonly host: string;
  readonly vmUID: string;
}

/** Small files, read and written in one go: a pass can rely on what it sees. */
export interface Leases {
  list(poolUID: string): readonly Lease[];
  get(id: LeaseID): Lease | undefined;
  /** False where the host is leased already. */
  add(poolUID: string, lease: Lease): boolean;
  /** Nothing where the lease is gone. */
  change(id: LeaseID, more: Partial<Lease>): void;
  remove(id: LeaseID): void;
}

const SUFFIX = '.json';

export const openLeases = (root: string): Leases => {
  const path = (poolUID: string, host: string) => join(root, poolUID, `${host}${SUFFIX}`);
  const get: Leases['get'] = ({ poolUID, host, vmUID }) => {
    const lease = read(path(poolUID, host));
    return lease?.vmUID === vmUID ? lease : undefined;
  };
  return {
    get,
    list: (poolUID) => names(join(root, poolUID)).flatMap((name) => (name.endsWith(SUFFIX) ? (read(join(root, poolUID, name)) ?? []) : [])),
    add: (poolUID, lease) => {
      mkdirSync(join(root, poolUID), { recursive: true, mode: 0o700 });
      const temporary = writeTemporary(path(poolUID, lease.host.name), lease);
      try {
        linkSync(temporary, path(poolUID, lease.host.name));
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
        throw error;
      } finally {
        rmSync(temporary);
      }
    },
    change: (id, more) => {
      const lease = get(id);
      const target = path(id.poolUID, id.host);
      if (lease) renameSync(writeTemporary(target, { ...lease, ...more }), target);
    },
    remove: (id) => {
      if (get(id)) rmSync(path(id.poolUID, id.host));
    },
  };
};

const names = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    return absent(error) ?? [];
  }
};

const read = (path: string): Lease | undefined => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return absent(error);
  }
};

const absent = (error: unknown): undefined => {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
};

const writeTemporary = (path: string, lease: Lease): string => {
  const temporary = `${path}.tmp`;
  const file = openSync(temporary, 'w', 0o600);
  try {
    writeSync(file, JSON.stringify(lease));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return temporary;
};
