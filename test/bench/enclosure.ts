// What a bench starts ends with it, however it ends: all processes that know its folder are killed, and the folder goes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Waits until whoever started it is gone or done. What is being started meanwhile is found later: hence the repetition. */
const CLEAN = `
read -r folder
cat
for attempt in 1 2 3 4 5 6 7 8 9 10; do
  found=$(printf %s "$folder" | grep -lsaFf - /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr -c '0-9\\n' ' ')
  [ -n "$found" ] || break
  kill -9 $found 2>/dev/null
  sleep 0.2
done
rm -rf "$folder"
`;

/** Temporary files go to one folder meanwhile, so that it is in the environment or the command line of all that is started. */
export const enclosed = async <T>(play: (folder: string) => Promise<T>): Promise<T> => {
  const before = process.env.TMPDIR;
  const folder = await mkdtemp(join(tmpdir(), 'berth-bench-'));
  // In a process group of its own: an interrupt from the terminal is for us.
  const cleaner = spawn('sh', ['-c', CLEAN], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  cleaner.stdin.write(`${folder}\n`);
  process.env.TMPDIR = folder;
  try {
    return await play(folder);
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    const gone = once(cleaner, 'exit');
    cleaner.stdin.end();
    await gone;
  }
};
