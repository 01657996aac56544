// Runs one test file in a process group, home and temp directory of its own, and gathers what it printed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endLeftovers } from './leftovers.ts';
import { type Verdict, verdict } from './verdict.ts';

export interface FileResult extends Verdict {
  readonly file: string;
  readonly durationMs: number;
  readonly output: string;
}

export interface FileOptions {
  readonly timeoutMs: number;
  /** Where processes leave V8's coverage; undefined to measure none. */
  readonly coverageDirectory: string | undefined;
}

const running = new Set<number>();

/** For a run that is interrupted: the test files are in process groups of their own, so nobody else ends them. */
export function endAll(): void {
  for (const group of running) process.kill(-group, 'SIGKILL');
}

export async function runFile(file: string, options: FileOptions): Promise<FileResult> {
  const started = performance.now();
  const directory = await mkdtemp(join(tmpdir(), 'bt-'));
  const ending = await watchOver(file, directory, options);
  // What was killed a moment ago may still be going: a directory then fills while it is emptied.
  await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  return { file, output: ending.output, durationMs: performance.now() - started, ...verdict(ending) };
}

async function watchOver(file: string, directory: string, { timeoutMs, coverageDirectory }: FileOptions) {
  // A file and not a pipe: both streams keep their order, and a process left behind cannot hold the run up.
  const log = await open(join(directory, 'output'), 'a');
  const child = spawn(process.execPath, [file], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: await environment(directory, coverageDirectory),
  });
  const { code, signal, timedOut } = await end(child, timeoutMs);
  const leftovers = await endLeftovers(directory);
  await log.close();
  const [source, output] = await Promise.all([readFile(file, 'utf8'), readFile(join(directory, 'output'), 'utf8')]);
  return { source, output, code, signal, timeoutMs: timedOut ? timeoutMs : undefined, leftovers };
}

/** The outer environment but for what would make a test depend on the person who runs it. */
async function environment(directory: string, coverageDirectory: string | undefined): Promise<NodeJS.ProcessEnv> {
  const home = join(directory, 'home');
  const temp = join(directory, 'tmp');
  await Promise.all([mkdir(home), mkdir(temp)]);
  const outer = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => name === 'BERTH_TEST_KUBECONFIG' || !/^(TMUX|BERTH|npm|XDG|FORCE_COLOR|NODE_V8|KUBECONFIG)/.test(name),
    ),
  );
  const coverage = coverageDirectory === undefined ? {} : { NODE_V8_COVERAGE: coverageDirectory };
  return { ...outer, ...coverage, HOME: home, TMPDIR: temp, NO_COLOR: '1', LC_ALL: 'C.UTF-8' };
}

async function end(child: ChildProcess, timeoutMs: number) {
  const group = child.pid;
  if (group === undefined) throw new Error('could not start node for a test file');
  running.add(group);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    process.kill(-group, 'SIGKILL');
  }, timeoutMs);
  const [code, signal] = await once(child, 'exit');
  clearTimeout(timer);
  running.delete(group);
  return { code: (code as number | null) ?? undefined, signal: (signal as string | null) ?? undefined, timedOut };
}
