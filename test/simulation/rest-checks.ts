// What must be true once everything that went wrong is over and the operator had time: nothing is left to do, every
// session ended or waits for a reason that is one, and nothing exists that nobody needs.

import { parseTime } from '../../controller/api/clock.ts';
import { findCondition } from '../../controller/api/condition.ts';
import { keyString } from '../../controller/api/object.ts';
import type { Session, VMPool } from '../../controller/api/types.generated.ts';
import { isFinished } from '../../controller/reconcilers/session/facts.ts';
import { checkOfferings } from './provider-checks.ts';
import { isLive, type World } from './world.ts';

type Violate = (what: string) => void;

/** What only a person can end: another pool, size or region, a secret, a higher limit. */
const RIGHT_REASONS = new Set([
  'PoolNotFound',
  'NoMatchingSize',
  'NoMatchingRegion',
  'SecretNotFound',
  'PoolFull',
  'BudgetExceeded',
  'PoolDeleting',
]);

export const checkRest = (world: World, violate: Violate): void => {
  for (const kind of ['VMPool', 'VM', 'Session'] as const) {
    for (const object of world.database.list(kind)) world.story.tell(() => `at rest: ${kind} ${JSON.stringify(object)}`);
  }
  for (const session of world.database.list('Session')) checkAtRest(world, session, violate);
  for (const pool of world.database.list('VMPool')) checkPool(world, pool, violate);
  const vms = world.database.list('VM');
  for (const vm of vms) {
    if (vm.metadata.deletionTimestamp) violate(`${vm.metadata.name} is still being deleted`);
    if (!world.cloud.byVM(vm.metadata.uid)) violate(`${vm.metadata.name} has no machine`);
    const key = { namespace: vm.metadata.namespace, name: vm.spec.poolRef.name };
    if (!world.database.get('VMPool', key)) violate(`${vm.metadata.name} outlives its pool`);
  }
  const uids = new Set(vms.map((vm) => vm.metadata.uid));
  for (const machine of world.cloud.existing()) {
    if (!uids.has(machine.vmUID)) violate(`${machine.id} (${machine.state}) was made for ${machine.vmName} and is left without an object`);
  }
  for (const begun of world.started.filter(isLive)) violate(`${begun.run.session.name} still runs on ${begun.machine.vmName}`);
};

const checkAtRest = (world: World, session: Session, violate: Violate) => {
  const { name } = session.metadata;
  if (session.metadata.deletionTimestamp) return violate(`${name} is still being deleted`);
  if (isFinished(session)) return;
  const placed = findCondition(session.status?.conditions, 'Placed');
  if (session.status?.phase !== 'Pending' || session.status.vm)
    return violate(`${name} rests as ${session.status?.phase} on ${session.status?.vm?.name}`);
  if (!RIGHT_REASONS.has(placed?.reason ?? '')) violate(`${name} waits for ${placed?.reason}: ${placed?.message}`);
  if (placed?.reason === 'PoolFull' || placed?.reason === 'BudgetExceeded') checkFull(world, session, placed.reason, violate);
};

/** A pool in which nothing runs is not full, but for a user's limit that leaves no room for even one VM. */
const checkFull = (world: World, session: Session, reason: string, violate: Violate): void => {
  const pool = world.database.get('VMPool', { namespace: session.metadata.namespace, name: session.spec.poolRef?.name ?? 'default' });
  if (!pool) return;
  const isTight = (pool.spec.maxVMs ?? 10) <= (pool.spec.minVMs ?? 0) || pool.spec.warmSlots || pool.spec.minVMs || pool.spec.budget;
  if (!isTight) violate(`${session.metadata.name} waits for ${reason} in an empty pool`);
};

const checkPool = (world: World, pool: VMPool, violate: Violate) => {
  const { name } = pool.metadata;
  if (pool.metadata.deletionTimestamp) return violate(`pool ${name} is still being deleted`);
  checkOfferings(world, pool, violate);
  const vms = world.cloud.existing(keyString(pool.metadata)).length;
  const { minVMs = 0, warmSlots = 0, maxVMs = 10 } = pool.spec;
  if (vms > Math.max(minVMs, 0) + warmSlots) violate(`pool ${name} keeps ${vms} VMs with minVMs ${minVMs} and warmSlots ${warmSlots}`);
  if (vms < Math.min(minVMs, maxVMs) && !pool.spec.budget) violate(`pool ${name} has ${vms} VMs, its minVMs are ${minVMs}`);
};

/** Somebody waits for a machine that is tried again later: up to an hour after Azure had none. */
export const isRoomAwaited = (world: World): boolean =>
  world.database
    .list('Session')
    .some((one) => !isFinished(one) && findCondition(one.status?.conditions, 'Placed')?.reason === 'QuotaExceeded') ||
  world.database.list('VMPool').some(({ spec, status, metadata }) => {
    const isRefused = status?.offerings?.some(({ retryTime }) => retryTime !== undefined && parseTime(retryTime) > world.timeline.wall());
    return isRefused && world.cloud.existing(keyString(metadata)).length < (spec.minVMs ?? 0) && !spec.budget;
  });
