// What people change their minds about while the operator works: each of them writes spec, deletes, or answers.
import type { Session } from '../../controller/api/types.generated.ts';
import type { Random } from '../fakes/random.ts';
import type { Fault } from './faults.ts';
import { apply, NAMESPACE, TROUBLE_MS } from './setting.ts';
import { poolSpec } from './specs.ts';
import type { World } from './world.ts';

type Change = (world: World, random: Random) => Fault | undefined;

export const changesOfMind = (world: World, random: Random): void => {
  const count = random.int(8, 30);
  for (let i = 0; i < count; i++) {
    const change = random.pick(CHANGES);
    const inner = random.fork(`change ${i}`);
    world.timeline.at(random.between(60_000, TROUBLE_MS), () => {
      const fault = world.asWriter('user', () => change(world, inner));
      if (fault) world.faults.count(fault);
    });
  }
  const answers = random.fork('answers');
  for (let minute = 3; minute < TROUBLE_MS / 60_000; minute += 5) world.timeline.at(minute * 60_000, () => answer(world, answers));
};

const some = <T>(random: Random, items: readonly T[]): T | undefined => items[random.int(0, Math.max(0, items.length - 1))];

const isUnfinished = (session: Session): boolean => !['Completed', 'Failed', 'Killed'].includes(session.status?.phase ?? '');

const kill: Change = (world, random) => {
  const session = some(random, world.database.list('Session').filter(isUnfinished));
  if (!session) return undefined;
  const shutdown = random.pick(['Graceful', 'Immediate'] as const);
  world.story.tell(() => `user kills ${session.metadata.name} (${shutdown})`);
  world.database.edit('Session', session.metadata, { spec: { shutdown } });
  if (random.chance(0.3)) {
    world.timeline.at(random.between(1000, 60_000), () =>
      world.database.edit('Session', session.metadata, { spec: { shutdown: undefined } }),
    );
  }
  return 'userKills';
};

const deleteSession: Change = (world, random) => {
  const session = some(random, world.database.list('Session'));
  if (!session) return undefined;
  world.story.tell(() => `user deletes ${session.metadata.name}`);
  world.database.delete('Session', session.metadata);
  return 'userDeletesSession';
};

const editPool: Change = (world, random) => {
  const pool = some(random, world.database.list('VMPool'));
  if (!pool) return undefined;
  const { budget, ...fresh } = poolSpec(random);
  const sizes = random.chance(0.5) ? pool.spec.sizes : fresh.sizes;
  const untilTime = new Date(world.timeline.wall() + 900_000).toISOString().replace(/\.\d+/, '');
  const spec: object = random.pick<object>([
    { maxVMs: fresh.maxVMs, minVMs: fresh.minVMs },
    { maxVMs: 0, minVMs: 0 },
    { paused: !pool.spec.paused },
    { budget },
    { sizes },
    { warmSlots: random.int(0, 4) },
    { idleTimeoutSeconds: random.int(10, 300) },
    { prime: { slots: random.int(1, 5), untilTime } },
  ]);
  world.story.tell(() => `user edits pool ${pool.metadata.name}: ${JSON.stringify(spec)}`);
  world.database.edit('VMPool', pool.metadata, { spec });
  return 'userEditsPool';
};

const deletePool: Change = (world, random) => {
  const pool = some(random, world.database.list('VMPool'));
  if (!pool || random.chance(0.7)) return undefined;
  world.story.tell(() => `user deletes pool ${pool.metadata.name}`);
  world.database.delete('VMPool', pool.metadata);
  const { name, namespace } = pool.metadata;
  for (const after of [200_000, 1200_000]) {
    const { maxAgeSeconds: _, ...spec } = poolSpec(random);
    world.timeline.at(after, () => apply(world, 'VMPool', { metadata: { name, namespace }, spec }));
  }
  return 'userDeletesPool';
};

const deleteVM: Change = (world, random) => {
  const vm = some(random, world.database.list('VM'));
  if (!vm) return undefined;
  world.story.tell(() => `user deletes VM ${vm.metadata.name}`);
  world.database.delete('VM', vm.metadata);
  return 'userDeletesVM';
};

const cordon: Change = (world, random) => {
  const vm = some(random, world.database.list('VM'));
  if (!vm) return undefined;
  world.story.tell(() => `user cordons ${vm.metadata.name}`);
  world.database.edit('VM', vm.metadata, { spec: { cordoned: true } });
  return 'userCordons';
};

const reprioritize: Change = (world, random) => {
  const session = some(random, world.database.list('Session').filter(isUnfinished));
  if (!session) return undefined;
  const spec = random.chance(0.7) ? { priority: random.int(-5, 9) } : { activeDeadlineSeconds: random.pick([undefined, 60, 2000]) };
  world.database.edit('Session', session.metadata, { spec });
  return 'userChangesPriority';
};

const loseSecret: Change = (world, random) => {
  const key = `${NAMESPACE}/key`;
  const secret = world.database.secrets.get(key);
  if (!secret) return undefined;
  world.story.tell(() => 'user deletes the secret for a while');
  world.database.secrets.delete(key);
  world.timeline.at(random.between(10_000, 300_000), () => world.database.secrets.set(key, secret));
  return 'userDeletesSecret';
};

const send: Change = (world, random) => {
  const session = some(random, world.database.list('Session').filter(isUnfinished));
  if (!session) return undefined;
  const input = session.spec.input ?? [];
  world.story.tell(() => `user sends input to ${session.metadata.name}`);
  world.database.edit('Session', session.metadata, {
    spec: { input: [...input, { id: `q${input.length}`, text: `answer ${input.length}` }] },
  });
  return 'userSendsInput';
};

const CHANGES = [
  kill,
  kill,
  deleteSession,
  deleteSession,
  editPool,
  editPool,
  deletePool,
  deleteVM,
  cordon,
  reprioritize,
  loseSecret,
  send,
  send,
] as const;

/** Whoever waits for an answer mostly gets one. */
const answer = (world: World, random: Random): void => {
  for (const session of world.database.list('Session').filter((one) => one.status?.waiting && isUnfinished(one))) {
    if (random.chance(0.3)) continue;
    const input = session.spec.input ?? [];
    world.faults.count('userSendsInput');
    world.asWriter('user', () =>
      world.database.edit('Session', session.metadata, { spec: { input: [...input, { id: `a${input.length}`, text: 'the second' }] } }),
    );
  }
};
