// Finds the processes that a test file started and left running: those whose environment or command line names its own
// directory. Children inherit HOME and TMPDIR in it, and what is started with another environment is told paths in it.
// Linux only: elsewhere there is no /proc, and nothing is found.
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** Processes that are on their way out, such as a tmux server whose last session just ended, get this long. */
const graceMs = 2_000;
const pollMs = 50;

/** Kills what is left after the grace and returns the command lines. */
export async function endLeftovers(directory: string): Promise<readonly string[]> {
  const deadline = Date.now() + graceMs;
  let left = await naming(directory);
  while (left.length > 0 && Date.now() < deadline) {
    await delay(pollMs);
    left = await naming(directory);
  }
  for (const { pid } of left) kill(pid);
  return left.map(({ commandLine }) => commandLine);
}

interface Left {
  readonly pid: number;
  readonly commandLine: string;
}

async function naming(directory: string): Promise<readonly Left[]> {
  const pids = (await readdir('/proc').catch(() => [])).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const found = await Promise.all(pids.map((pid) => read(pid, directory)));
  return found.filter((left) => left !== undefined);
}

/** Undefined for another's process, for one that has just ended, and for a zombie (whose environment is empty). */
async function read(pid: number, directory: string): Promise<Left | undefined> {
  try {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    if (!`${environment}\0${commandLine}`.includes(`${directory}/`)) return undefined;
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
