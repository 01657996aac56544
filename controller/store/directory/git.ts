// What Git does around a folder: whether it is in a work tree, and whether an operation is under way in it.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The Git directory of the work tree that holds `path`; undefined outside of any. */
export const gitFolder = (path: string): string | undefined => {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const found = gitFolderIn(folder);
    if (found !== undefined) return found;
    if (folder === dirname(folder)) return undefined;
  }
};

/** The file that shows a checkout, merge or rebase under way: until it is gone the tree is half one state, half another. */
export const gitOperation = (folder: string): string | undefined =>
  ['index.lock', 'rebase-merge', 'rebase-apply', 'MERGE_HEAD'].map((name) => join(folder, name)).find((path) => existsSync(path));

const gitFolderIn = (folder: string): string | undefined => {
  const path = join(folder, '.git');
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return undefined;
  if (stats.isDirectory()) return path;
  const target = /^gitdir: (.+)$/m.exec(readFileSync(path, 'utf8'))?.[1];
  return target === undefined ? undefined : resolve(folder, target);
};
