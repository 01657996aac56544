// Runs many seeds in child processes and hands over each result as it comes. A child that dies or hangs takes only its
// own seed with it.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Result } from './simulate.ts';

export type SeedResult = Omit<Result, 'story'>;

export interface RunOptions {
  readonly seeds: Iterable<number>;
  readonly processes: number;
  /** False: no more seeds are begun. */
  readonly done: (result: SeedResult) => boolean;
  readonly worker?: string;
}

/** A seed takes about a second of CPU: one that takes this long hangs, even where all else on the machine goes first. */
const LONGEST_MS = 600_000;
const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));

export const runSeeds = async ({ seeds, processes, done, worker = WORKER }: RunOptions): Promise<void> => {
  const queue = [...seeds].values();
  let isOver = false;
  const work = async (): Promise<void> => {
    let child = start(worker);
    for (const seed of queue) {
      if (isOver) break;
      const result = await ask(child, seed);
      if (result.fingerprint === '') child = start(worker);
      if (!done(result)) isOver = true;
    }
    child.kill();
  };
  await Promise.all(Array.from({ length: processes }, work));
};

const start = (worker: string): ChildProcess => fork(worker, [], { execArgv: ['--disable-warning=ExperimentalWarning'] });

const ask = (child: ChildProcess, seed: number): Promise<SeedResult> =>
  new Promise((resolve) => {
    const end = (result: SeedResult): void => {
      clearTimeout(timer);
      child.removeAllListeners();
      resolve(result);
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      end(broken(seed, `hangs: no end after ${LONGEST_MS / 1000} s`));
    }, LONGEST_MS);
    child.on('message', (result) => end(result as SeedResult));
    child.on('exit', (code, signal) => end(broken(seed, `ended its process with ${signal ?? code}`)));
    child.send(seed);
  });

const broken = (seed: number, what: string): SeedResult => ({
  seed,
  violations: [what],
  faults: {} as SeedResult['faults'],
  fingerprint: '',
  sessions: 0,
  machines: 0,
  steps: 0,
});
