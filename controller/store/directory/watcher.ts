// Tells that something below a folder may have changed. Events are hints and may be lost; where the system allows no more
// watches there are none, and says so.
import { statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { FSWatcher } from 'chokidar';
import { codeOf } from './atomic-write.ts';

export interface Watcher {
  close(): Promise<void>;
}

export interface WatcherOptions {
  readonly root: string;
  /** A folder below it that is ours and changes all the time. */
  readonly skip: string;
  /** `path` is below the root. */
  readonly onEvent: (path: string, isFolder: boolean) => void;
  /** The root went: if it returns, no event tells of what is in it. */
  readonly onGone: () => void;
  /** No events will come: look regularly. */
  readonly onBlind: (reason: string) => void;
}

export const openWatcher = async (options: WatcherOptions): Promise<Watcher> => {
  const { watch } = await import('./chokidar.ts');
  const { root, skip } = options;
  const watcher: FSWatcher = watch(root, {
    ignoreInitial: true,
    followSymlinks: false,
    atomic: false,
    // `..data` is how Kubernetes swaps a ConfigMap: it must be seen.
    ignored: (path) =>
      path === skip ||
      relative(root, path)
        .split(sep)
        .some((part) => /^\.[^.]/.test(part) && part !== '.berthignore'),
  });
  watcher.on('all', (event, path) => {
    if (event === 'unlinkDir' && relative(root, path) === '') options.onGone();
    options.onEvent(relative(root, path), event.endsWith('Dir'));
  });
  // What changed while the watches were being set gave no event.
  watcher.on('ready', () => options.onEvent('', true));
  watcher.on('error', (error) => {
    const code = codeOf(error);
    if (code === 'ENOSPC' || code === 'EMFILE') options.onBlind(code);
  });
  return { close: () => watcher.close() };
};

/**
 * Device, inode and birth: another folder under the same name differs in one of them. The number of an inode is given
 * out again at once, and only the birth then tells a folder that was removed and made anew (0 where it is not kept).
 */
export const identityOf = (path: string): string | undefined => {
  try {
    const stats = statSync(join(path, '.'), { bigint: true });
    return `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`;
  } catch {
    return undefined;
  }
};
