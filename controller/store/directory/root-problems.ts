// What is said of the folder as a whole, when nothing may be concluded from what is not in it.
import type { Problem } from '../client.ts';

export const rootMissing = (root: string): Problem => ({
  file: root,
  message: 'the folder is missing or cannot be read: nothing is deleted; bring it back',
});

export const rootReplaced = (root: string): Problem => ({
  file: root,
  message:
    "another folder has taken this one's place: nothing is deleted until all files are there again, or 'berth apply --confirm-prune' says it is meant",
});

export const rootEmpty = (root: string): Problem => ({
  file: root,
  message: "the folder is empty: nothing is deleted; bring the files back, or run 'berth apply --confirm-prune' if it is meant",
});

export const noEvents = (root: string, code: string, rescanMs: number): Problem => ({
  file: root,
  message: `the system allows no more watches (${code}; see fs.inotify.max_user_watches): looked at every ${rescanMs / 1_000} s instead`,
});

export const gitAtWork = (operation: string): Problem => ({
  file: operation,
  message: 'Git is at work: no file is taken until it is done',
});
