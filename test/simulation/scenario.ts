// What people and the world do in one seed: pools, sessions, changes of mind, and misfortunes, spread over the first
// hours; then everybody stops, every obstacle goes, and the operator has to bring all of it to rest.
import type { VMPoolSpec } from '../../controller/api/types.generated.ts';
import type { Random } from '../fakes/random.ts';
import { misfortunes } from './misfortunes.ts';
import { apply, type Controllers, NAMESPACE, TROUBLE_MS } from './setting.ts';
import { poolSpec, sessionSpec, sizeOf } from './specs.ts';
import { changesOfMind } from './users.ts';
import { REGIONS, type World } from './world.ts';

export const playScenario = (world: World, controllers: Controllers): void => {
  const random = world.random.fork('scenario');
  world.database.secrets.set(`${NAMESPACE}/key`, { token: 'secret-value' });
  createPools(world, random);
  createSessions(world, random);
  changesOfMind(world, random.fork('users'));
  misfortunes(world, controllers, random.fork('misfortunes'));
  for (const minute of [20, 40, 60]) world.timeline.at(minute * 60_000, () => ensureEnoughVMs(world, random));
  world.timeline.at(TROUBLE_MS, () => clearUp(world, random));
};

const createPools = (world: World, random: Random): void => {
  for (const name of ['default', 'other', ...(random.chance(0.3) ? ['third'] : [])]) {
    apply(world, 'VMPool', { metadata: { name, namespace: NAMESPACE }, spec: poolSpec(random) });
  }
};

/** Without what would keep it from making VMs. */
const sparePool = (random: Random): VMPoolSpec => {
  const { budget: _, maxAgeSeconds: __, ...spec } = poolSpec(random);
  return { ...spec, sizes: [sizeOf('s')], maxVMs: 9, minVMs: 0, warmSlots: 0 };
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

/** Sessions that need a VM to themselves, until the world has seen enough machines. */
const ensureEnoughVMs = (world: World, random: Random): void => {
  for (let made = world.cloud.machines.length; made < 9; made++) {
    const metadata = { name: `big-${world.timeline.elapsed()}-${made}`, namespace: NAMESPACE };
    apply(world, 'Session', {
      metadata,
      spec: { command: ['true'], memoryMiB: 30_000, poolRef: { name: random.pick(['default', 'other']) } },
    });
  }
};

const clearUp = (world: World, random: Random): void => {
  if (world.cloud.machines.length < 9)
    apply(world, 'VMPool', { metadata: { name: 'spare', namespace: NAMESPACE }, spec: sparePool(random) });
  for (let made = world.cloud.machines.length; made < 9; made++) {
    apply(world, 'Session', {
      metadata: { name: `spare-${made}`, namespace: NAMESPACE },
      spec: { command: ['true'], memoryMiB: 30_000, poolRef: { name: 'spare' } },
    });
  }
  world.story.tell(() => '=== FAULTS STOP ===');
  world.faults.stop();
  for (const region of REGIONS) world.azure.market.restore(region);
  world.logs.setFull(false);
  world.azure.gate.setProblem(undefined);
  world.database.secrets.set(`${NAMESPACE}/key`, { token: 'secret-value' });
  for (const machine of world.cloud.existing()) {
    if (machine.unreachable) world.cloud.setUnreachable(machine, false);
    if (machine.shownKey !== machine.hostKey) world.cloud.showKey(machine, undefined);
  }
  world.asWriter('user', () => {
    for (const pool of world.database.list('VMPool'))
      world.database.edit('VMPool', pool.metadata, { spec: { paused: false, maxAgeSeconds: undefined } });
  });
};
