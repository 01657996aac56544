// Runs this program again in the background, so that it outlives the terminal; what it says goes to a file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { selfCommand } from './entry.ts';

/** Resolves once the process exists. */
export const spawnDetached = async (words: readonly string[], log: string): Promise<{ readonly pid: number; readonly log: string }> => {
  await mkdir(dirname(log), { recursive: true, mode: 0o700 });
  const file = await open(log, 'a', 0o600);
  try {
    const [node, entry] = selfCommand();
    // Not in our folder: it would keep a file system busy, or be deleted under it.
    const child = spawn(node, [entry, ...words], { cwd: homedir(), detached: true, stdio: ['ignore', file.fd, file.fd] });
    await once(child, 'spawn');
    child.unref();
    return { pid: child.pid ?? 0, log };
  } finally {
    await file.close();
  }
};
