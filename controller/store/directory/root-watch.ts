// Watches whatever folder is at the root's path: a root that was replaced gives no event at all, so the watch is made
// anew for it. Where the system allows no watch, it says why it is blind.
import { openWatcher, type Watcher } from './watcher.ts';

export interface RootWatch {
  /** Makes sure that the folder of this identity is the one that is watched. */
  follow(identity: string): Promise<void>;
  /** The root is not there: should the same one return, it is to be watched anew. */
  lost(): void;
  readonly blindness: string | undefined;
  close(): Promise<void>;
}

export interface RootWatchOptions {
  readonly root: string;
  /** The state folder: ours, not the user's. */
  readonly skip: string;
  readonly onEvent: (path: string, isFolder: boolean) => void;
  readonly onBlind: () => void;
}

export const createRootWatch = ({ root, skip, onEvent, onBlind }: RootWatchOptions): RootWatch => {
  let watched: { readonly identity: string; readonly watcher: Watcher } | undefined;
  let blindness: string | undefined;
  let isLost = false;
  const lost = (): void => {
    isLost = true;
  };
  const goBlind = (reason: string): void => {
    blindness = reason;
    onBlind();
  };
  return {
    follow: async (identity) => {
      if (watched?.identity === identity && !isLost) return;
      await watched?.watcher.close();
      blindness = undefined;
      isLost = false;
      watched = { identity, watcher: await openWatcher({ root, skip, onEvent, onGone: lost, onBlind: goBlind }) };
    },
    lost,
    get blindness() {
      return blindness;
    },
    close: async () => {
      await watched?.watcher.close();
    },
  };
};
