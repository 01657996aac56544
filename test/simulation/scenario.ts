// What people and the world do in one seed: pools, sessions, changes of mind, and misfortunes, spread over the first
// hours; then everybody stops, every obstacle goes, and the operator has to bring all of it to rest.
import { OperatorError } from '../../controller/api/error.ts';
import type { SessionSpec, VMPoolSpec } from '../../controller/api/types.generated.ts';
import type { NewObject } from '../../controller/store/store.ts';
import type { Random } from '../fakes/random.ts';
import { misfortunes } from './misfortunes.ts';
import { changesOfMind } from './users.ts';
import { REGIONS, type World } from './world.ts';

/** For how long things go wrong. Short against real life, so that a seed is: what polls costs as much as time passes. */
export const TROUBLE_MS = 75 * 60_000;
export const NAMESPACE = 'default';

/** What the scenario may do to the controllers. */
export interface Controllers {
  kill(why: string): void;
  restartGracefully(): void;
  /** For a while two of them act; the older one is fenced, or both write at will. */
  startAnother(forMs: number, isFenced: boolean): void;
  /** Provider calls fail with this code until told otherwise. */
  setProviderProblem(code: 'unavailable' | 'denied' | undefined): void;
}

export const playScenario = (world: World, controllers: Controllers): void => {
  const random = world.random.fork('scenario');
  world.database.secrets.set(`${NAMESPACE}/key`, { token: 'secret-value' });
  createPools(world, random);
  createSessions(world, random);
  changesOfMind(world, random.fork('users'));
  misfortunes(world, controllers, random.fork('misfortunes'));
  for (const minute of [20, 40, 60]) world.timeline.at(minute * 60_000, () => ensureEnoughVMs(world, random));
  world.timeline.at(TROUBLE_MS, () => clearUp(world, controllers, random));
};

/** Creating through the database as a user does: what exists already stays. */
export const apply = <K extends 'Session' | 'VMPool'>(world: World, kind: K, object: NewObject<K>): void => {
  try {
    world.asWriter('user', () => world.database.create(kind, object));
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
  }
};

const createPools = (world: World, random: Random): void => {
  for (const name of ['default', 'other', ...(random.chance(0.3) ? ['third'] : [])]) {
    apply(world, 'VMPool', { metadata: { name, namespace: NAMESPACE }, spec: poolSpec(random) });
  }
};

const SIZES: readonly [VMPoolSpec['sizes'], ...VMPoolSpec['sizes'][]] = [
  [{ name: 'l' }, { name: 's' }],
  [{ name: 's' }, { name: 'm' }],
  [{ name: 'm', slots: 3 }, { name: 'xl' }],
];

export const poolSpec = (random: Random): VMPoolSpec => {
  const minVMs = random.pick([0, 0, 0, 1, 2]);
  return {
    provider: { type: 'Azure', azure: { regions: REGIONS } },
    sizes: random.pick(SIZES),
    minVMs,
    maxVMs: minVMs + random.int(3, 8),
    warmSlots: random.pick([0, 0, 0, 1, 4]),
    idleTimeoutSeconds: random.pick([30, 120, 600]),
    bootTimeoutSeconds: random.pick([90, 240]),
    unreachableTimeoutSeconds: random.pick([0, 60, 300, 900]),
    ...(random.chance(0.2) && { maxAgeSeconds: random.pick([600, 1800, 3600]) }),
    ...(random.chance(0.4) && { budget: { maxHourlyUSD: random.pick(['1.00', '3.30', '6.00']) } }),
  };
};

/** Without what would keep it from making VMs. */
const sparePool = (random: Random): VMPoolSpec => {
  const { budget: _, maxAgeSeconds: __, ...spec } = poolSpec(random);
  return { ...spec, sizes: [{ name: 's' }], maxVMs: 9, minVMs: 0, warmSlots: 0 };
};

const createSessions = (world: World, random: Random): void => {
  const count = random.int(50, 60);
  let batchAt = 0;
  for (let i = 0; i < count; i++) {
    if (random.chance(0.35)) batchAt = random.between(0, TROUBLE_MS * 0.85);
    const name = `s-${i}`;
    const spec = sessionSpec(random, `do ${name}`);
    world.timeline.at(batchAt, () => apply(world, 'Session', { metadata: { name, namespace: NAMESPACE }, spec }));
  }
};

export const sessionSpec = (random: Random, prompt: string): SessionSpec => ({
  ...(random.chance(0.8) ? { prompt } : { command: ['make', 'test'] }),
  ...(random.chance(0.4) && { poolRef: { name: random.pick(['other', 'other', 'third']) } }),
  ...(random.chance(0.15) && { size: random.pick(['s', 'm', 'l', 'xl']) }),
  ...(random.chance(0.1) && { region: random.pick([...REGIONS, 'nowhere']) }),
  ...(random.chance(0.3) && { memoryMiB: random.pick([1024, 20_000, 40_000, 120_000]) }),
  ...(random.chance(0.2) && { priority: random.int(-2, 5) }),
  ...(random.chance(0.5) && { retryLimit: random.int(1, 3) }),
  ...(random.chance(0.3) && { activeDeadlineSeconds: random.int(20, 1200) }),
  ...(random.chance(0.1) && { env: [{ name: 'TOKEN', secretRef: { name: random.pick(['key', 'absent']), key: 'token' } }] }),
  ...(random.chance(0.15) && { ttlSecondsAfterFinished: random.int(0, 900) }),
});

/** Sessions that need a VM to themselves, until the world has seen enough machines. */
const ensureEnoughVMs = (world: World, random: Random): void => {
  for (let made = world.cloud.machines.length; made < 9; made++) {
    const metadata = { name: `big-${world.timeline.elapsed()}-${made}`, namespace: NAMESPACE };
    apply(world, 'Session', { metadata, spec: { command: ['true'], memoryMiB: 30_000, poolRef: { name: random.pick(['default', 'other']) } } });
  }
};

const clearUp = (world: World, controllers: Controllers, random: Random): void => {
  if (world.cloud.machines.length < 9) apply(world, 'VMPool', { metadata: { name: 'spare', namespace: NAMESPACE }, spec: sparePool(random) });
  for (let made = world.cloud.machines.length; made < 9; made++) {
    apply(world, 'Session', { metadata: { name: `spare-${made}`, namespace: NAMESPACE }, spec: { command: ['true'], memoryMiB: 30_000, poolRef: { name: 'spare' } } });
  }
  world.story.tell(() => '=== FAULTS STOP ===');
  world.faults.stop();
  world.cloud.fullRegions.clear();
  world.logs.setFull(false);
  controllers.setProviderProblem(undefined);
  world.database.secrets.set(`${NAMESPACE}/key`, { token: 'secret-value' });
  for (const machine of world.cloud.existing()) if (machine.unreachable) world.cloud.setUnreachable(machine, false);
  world.asWriter('user', () => {
    for (const pool of world.database.list('VMPool')) world.database.edit('VMPool', pool.metadata, { spec: { paused: false, maxAgeSeconds: undefined } });
  });
};
