// Finds the processes that a test file started and left running, by a mark in the environment that children inherit.
// Linux only: elsewhere there is no /proc, and nothing is found.
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** Processes that are on their way out, such as a tmux server whose last session just ended, get this long. */
const graceMs = 2_000;
const pollMs = 50;

/** Kills what is left after the grace and returns the command lines. `mark` is a `NAME=value` of the environment. */
export async function endLeftovers(mark: string): Promise<readonly string[]> {
  const deadline = Date.now() + graceMs;
  let left = await marked(mark);
  while (left.length > 0 && Date.now() < deadline) {
    await delay(pollMs);
    left = await marked(mark);
  }
  for (const { pid } of left) kill(pid);
  return left.map(({ commandLine }) => commandLine);
}

interface Left {
  readonly pid: number;
  readonly commandLine: string;
}

async function marked(mark: string): Promise<readonly Left[]> {
  const pids = (await readdir('/proc').catch(() => [])).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const found = await Promise.all(pids.map((pid) => read(pid, mark)));
  return found.filter((left) => left !== undefined);
}

/** Undefined for another's process, for one that has just ended, and for a zombie (whose environment is empty). */
async function read(pid: number, mark: string): Promise<Left | undefined> {
  try {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
    if (!environment.split('\0').includes(mark)) return undefined;
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    return { pid, commandLine: commandLine.split('\0').join(' ').trim() };
  } catch {
    return undefined;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}
