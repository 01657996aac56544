// The sessions of the chaos test: what each prints, how fast, and how it ends.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RealWorld } from '../e2e/real-world.ts';
import type { Random } from '../fakes/random.ts';

export interface Talker {
  readonly name: string;
  /** Characters of a line after its number. */
  readonly width: number;
  readonly exitCode: number;
  apply(): Promise<void>;
  /** Tells it to end. */
  finish(): Promise<void>;
  /** How often it was started, by its own account. */
  starts(): Promise<number>;
  /** How many lines it printed; undefined when it did not come to its end. */
  lines(): Promise<number | undefined>;
}

interface Manner {
  readonly pause: number;
  readonly burst: number;
  readonly width: number;
  readonly code?: number;
  readonly signal?: 'SIGUSR1';
}

const PROGRAM = fileURLToPath(new URL('talker.py', import.meta.url));

/** Fast, slow, in bursts, with large lines; ends well, badly, and by a signal. */
const MANNERS: readonly [Manner, ...Manner[]] = [
  { pause: 0.02, burst: 1, width: 20 },
  { pause: 0.5, burst: 400, width: 60, code: 1 },
  { pause: 0.25, burst: 1, width: 16_384 },
  { pause: 1, burst: 1, width: 10, signal: 'SIGUSR1' },
  { pause: 0.1, burst: 5, width: 100, code: 42 },
  { pause: 3, burst: 2, width: 5 },
  { pause: 0.05, burst: 10, width: 0, code: 255 },
  { pause: 2, burst: 1, width: 200_000, code: 7 },
];

export const talkers = ({ world, random, long, short }: { world: RealWorld; random: Random; long: number; short: number }) => {
  const pick = (index: number): Manner => MANNERS[index % MANNERS.length] ?? MANNERS[0];
  return {
    long: Array.from({ length: long }, (_, index) => talker(world, `long-${index}`, pick(index), Number.MAX_SAFE_INTEGER)),
    short: Array.from({ length: short }, (_, index) =>
      talker(world, `short-${index}`, { ...pick(random.int(0, 7)), pause: random.between(0, 0.05) }, random.int(1, 60)),
    ),
  };
};

/** Ends by itself once it has printed `lines` lines, to the burst. */
const talker = (world: RealWorld, name: string, { code = 0, signal, ...manner }: Manner, lines: number): Talker => {
  const folder = join(world.root, 'talkers', name);
  const read = (file: string) => readFile(join(folder, file), 'utf8').catch(() => undefined);
  const spec = JSON.stringify({ ...manner, folder, lines, code, ...(signal ? { signal } : {}) });
  return {
    name,
    width: manner.width,
    exitCode: signal ? 128 + constants.signals[signal] : code,
    apply: async () => {
      await mkdir(folder, { recursive: true });
      await world.apply('Session', name, { command: ['python3', '-S', PROGRAM, spec], memoryMiB: 1024 });
    },
    finish: () => writeFile(join(folder, 'finish'), ''),
    starts: async () => ((await read('starts')) ?? '').split('\n').length - 1,
    lines: async () => {
      const count = await read('count');
      return count ? Number(count) : undefined;
    },
  };
};

export const untilEnd = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
};
