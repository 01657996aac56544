// Kills a real controller again and again, at moments drawn from a seed, while real sessions run, begin and end; then
// holds every session against what its own program wrote down.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { openRealWorld, type RealWorld } from '../e2e/real-world.ts';
import { createRandom, type Random } from '../fakes/random.ts';
import { until } from '../session/vm-world.ts';
import { type Judgement, judge, judgeRest } from './judge.ts';
import { type Talker, talkers, untilEnd } from './talkers.ts';

export interface ChaosOptions {
  readonly kills: number;
  /** Sessions that run from before the first kill until after the last. */
  readonly sessions: number;
  readonly seed: number;
  readonly say?: (line: string) => void;
  /** Ends it early, and tidily. */
  readonly interrupted?: AbortSignal;
}

export interface ChaosResult {
  readonly judgements: readonly Judgement[];
  readonly kills: Readonly<Record<Moment, number>>;
  readonly seconds: number;
}

type Moment = 'at once' | 'on starting' | 'while working' | 'at work for long';

/** Milliseconds, from the start of the process or from the moment it says that it has started. */
const MOMENTS: Readonly<Record<Moment, { readonly from: 'spawn' | 'started'; readonly least: number; readonly most: number }>> = {
  'at once': { from: 'spawn', least: 0, most: 100 },
  'on starting': { from: 'started', least: 0, most: 100 },
  'while working': { from: 'started', least: 0, most: 1_000 },
  'at work for long': { from: 'started', least: 1_000, most: 3_000 },
};
/** Kills that come while the long sessions end. */
const KILLS_AT_THE_END = 0.05;
const PATIENCE_MS = 120_000;

export const runChaos = async ({ kills, sessions, seed, say = () => undefined, interrupted }: ChaosOptions): Promise<ChaosResult> => {
  const started = performance.now();
  const random = createRandom(seed);
  const world = await openRealWorld();
  try {
    const { long, short } = talkers({ world, random: random.fork('talkers'), long: sessions, short: Math.ceil(kills / 3) });
    const counts = { 'at once': 0, 'on starting': 0, 'while working': 0, 'at work for long': 0 };
    await world.apply('VMPool', 'default', { provider: { type: 'Local' }, sizes: [{ name: 'l' }], maxVMs: 10 });
    for (const talker of long) await talker.apply();
    const endFrom = Math.min(kills - 1, Math.floor(kills * (1 - KILLS_AT_THE_END)));
    for (let kill = 0; kill < kills; kill++) {
      interrupted?.throwIfAborted();
      if (kill === Math.min(2, kills - 1)) await letStart(world, long);
      if (kill % 3 === 0) await short[kill / 3]?.apply();
      if (kill === endFrom) await stopAll(long, say);
      counts[await killOnce(world, random)] += 1;
      if (random.chance(0.2)) await delay(random.int(0, 500));
      if (kill % 20 === 19) say(`${kill + 1} kills`);
    }
    const judgements = await lookAtTheEnd(world, [...long, ...short], say);
    return { judgements, kills: counts, seconds: (performance.now() - started) / 1000 };
  } finally {
    await world.close();
  }
};

const stopAll = async (long: readonly Talker[], say: (line: string) => void): Promise<void> => {
  for (const talker of long) await talker.finish();
  say(`${long.length} long sessions were told to end`);
};

/** From the first few kills on, all of the long sessions run. */
const letStart = async (world: RealWorld, long: readonly Talker[]): Promise<void> => {
  const controller = world.startController();
  await until(
    async () => ((await Promise.all(long.map(({ starts }) => starts()))).every((count) => count > 0) ? true : undefined),
    PATIENCE_MS,
  );
  controller.kill('SIGKILL');
  await once(controller, 'exit');
};

const killOnce = async (world: RealWorld, random: Random): Promise<Moment> => {
  const moment = random.pick<Moment>(['at once', 'on starting', 'while working', 'while working', 'at work for long']);
  const { from, least, most } = MOMENTS[moment];
  const controller = world.startController();
  if (from === 'started') {
    await until(async () => ((await world.log()).includes('Started the controller') ? true : undefined), PATIENCE_MS);
  }
  await delay(random.between(least, most));
  if (controller.exitCode !== null) throw new Error(`the controller ended by itself: ${(await world.log()).slice(-2000)}`);
  const exit = once(controller, 'exit');
  controller.kill('SIGKILL');
  await exit;
  return moment;
};

const lookAtTheEnd = async (world: RealWorld, all: readonly Talker[], say: (line: string) => void): Promise<readonly Judgement[]> => {
  const controller = world.startController();
  const judgements: Judgement[] = [];
  for (const talker of all) judgements.push(await judge(world, talker, await world.finished(talker.name, PATIENCE_MS)));
  say(`all ${all.length} sessions have ended`);
  controller.kill('SIGTERM');
  await untilEnd(controller);
  return [...judgements, ...(await judgeRest(world, all.length))];
};
