// What the last run knew of each manifest file, so that a restart reads only what changed. A cache: without it, or with a
// torn one, every file is read again.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomic } from './atomic-write.ts';

export interface IndexedFile {
  readonly signature: string;
  readonly hash: string;
  /** `kind/namespace/name` of each object in it. */
  readonly ids: readonly string[];
}

export interface SourceIndex {
  /** Device and inode of the folder of manifests. */
  readonly root: string;
  readonly files: ReadonlyMap<string, IndexedFile>;
}

/** Only files of which everything is in effect. */
export const writeIndex = (folder: string, index: SourceIndex): Promise<void> => {
  const files = [...index.files].map(([path, file]) => [path, file.signature, file.hash, ...file.ids]);
  return writeAtomic(join(folder, 'index.json'), JSON.stringify({ format: FORMAT, root: index.root, files }));
};

export const readIndex = (folder: string): SourceIndex | undefined => {
  try {
    const stored = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as { format: unknown; root: string; files: string[][] };
    if (stored.format !== FORMAT) return undefined;
    return {
      root: stored.root,
      files: new Map(stored.files.map(([path = '', signature = '', hash = '', ...ids]) => [path, { signature, hash, ids }])),
    };
  } catch {
    return undefined;
  }
};

const FORMAT = 1;
