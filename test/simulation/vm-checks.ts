// What must hold for VMs: never more on one than it holds, never more of them than allowed, none deleted under a session.
import { keyString, type Resource } from '../../controller/api/object.ts';
import { parseMoney } from '../../controller/api/money.ts';
import { poolSizes } from '../../controller/api/sizes.ts';
import type { Session, VM, VMPool } from '../../controller/api/types.generated.ts';
import { isFinished, memoryOf } from '../../controller/reconcilers/session/facts.ts';
import type { CloudMachine } from '../fakes/cloud.ts';
import { vmOf, type World } from './world.ts';

type Violate = (what: string) => void;

/** A controller may act on a limit that people changed no longer ago than its view of the store may lag. */
const LAG_MS = 240_000;

export interface Limits {
  note(before: Resource | undefined, after: Resource | undefined): void;
  /** The most generous maxVMs and budget (in 1/10,000 USD) of late; undefined for a pool that never was. */
  of(pool: string): { readonly maxVMs: number; readonly hourly: number } | undefined;
}

interface Limit {
  readonly maxVMs: number;
  readonly hourly: number;
  replacedAt: number;
}

export const createLimits = ({ timeline }: World): Limits => {
  const history = new Map<string, Limit[]>();
  return {
    note: (before, after) => {
      const pool = (after ?? before)?.kind === 'VMPool' ? ((after ?? before) as VMPool) : undefined;
      if (!pool || before?.spec === after?.spec) return;
      const limits = (history.get(keyString(pool.metadata)) ?? []).filter((limit) => limit.replacedAt > timeline.elapsed() - LAG_MS);
      for (const limit of limits) limit.replacedAt = Math.min(limit.replacedAt, timeline.elapsed());
      const { maxVMs = 10, budget } = pool.spec;
      limits.push({ maxVMs, hourly: budget ? parseMoney(budget.maxHourlyUSD) : Infinity, replacedAt: Infinity });
      history.set(keyString(pool.metadata), limits);
    },
    of: (pool) => {
      const recent = history.get(pool)?.filter((limit) => limit.replacedAt > timeline.elapsed() - LAG_MS);
      if (!recent) return undefined;
      return { maxVMs: Math.max(...recent.map((limit) => limit.maxVMs)), hourly: Math.max(...recent.map((limit) => limit.hourly)) };
    },
  };
};

export const checkNewVM = (world: World, limits: Limits, vm: VM, violate: Violate): void => {
  const pool = keyString({ namespace: vm.metadata.namespace, name: vm.spec.poolRef.name });
  const count = world.database.list('VM').filter((other) => other.spec.poolRef.name === vm.spec.poolRef.name).length;
  const { maxVMs = 0 } = limits.of(pool) ?? {};
  if (count > maxVMs) violate(`${vm.metadata.name} is VM ${count} of a pool with maxVMs ${maxVMs}`);
};

export const checkNewMachine = (world: World, limits: Limits, machine: CloudMachine, violate: Violate): void => {
  const ours = world.cloud.existing(machine.pool);
  const { maxVMs = 0, hourly = 0 } = limits.of(machine.pool) ?? {};
  if (ours.length > maxVMs) violate(`${machine.vmName} is machine ${ours.length} of a pool with maxVMs ${maxVMs}`);
  const cost = ours.reduce((sum, other) => sum + other.hourly, 0);
  if (cost > hourly) violate(`with ${machine.vmName} pool ${machine.pool} costs ${cost / 10_000} USD an hour, its budget is ${hourly / 10_000}`);
};

/** Only an empty VM may go, or one that has not answered for so long that it is fenced. */
export const checkDeletion = (world: World, machine: CloudMachine, violate: Violate): void => {
  if (machine.wasCutOff) return;
  const pool = world.database.list('VMPool').find((one) => keyString(one.metadata) === machine.pool);
  if (pool?.metadata.annotations?.['berth.dev/abandon']) return;
  for (const session of sessionsOn(world, machine.vmUID)) {
    violate(`machine ${machine.id} of ${machine.vmName} is deleted with unfinished session ${session.metadata.name} on it`);
  }
};

export const checkCapacity = (world: World, violate: Violate): void => {
  const placed = Map.groupBy(
    world.database.list('Session').filter((session) => session.status?.vm && !isFinished(session)),
    (session) => session.status?.vm?.uid ?? '',
  );
  for (const [uid, sessions] of placed) {
    const vm = vmOf(world, uid);
    if (!vm) continue;
    const names = sessions.map((session) => session.metadata.name).join(', ');
    if (sessions.length > vm.spec.slots) violate(`${sessions.length} sessions on the ${vm.spec.slots} slots of ${vm.metadata.name}: ${names}`);
    const memory = sessions.reduce((sum, session) => sum + memoryOf(session), 0);
    const available = memoryOfVM(world, vm);
    if (memory > available) violate(`sessions with ${memory} MiB on ${vm.metadata.name} of ${available} MiB: ${names}`);
  }
  for (const machine of world.cloud.existing()) {
    const slots = vmOf(world, machine.vmUID)?.spec.slots;
    const live = [...machine.runs.all.values()].filter((run) => run.state !== 'ended').length;
    if (slots !== undefined && live > slots) violate(`${live} runs on the ${slots} slots of ${machine.vmName}`);
  }
};

const memoryOfVM = (world: World, vm: VM): number => {
  if (vm.status?.memoryMiB !== undefined) return vm.status.memoryMiB;
  const pool = world.database.get('VMPool', { namespace: vm.metadata.namespace, name: vm.spec.poolRef.name });
  const size = pool && poolSizes(pool.spec).find((one) => one.name === vm.spec.size);
  return size?.memoryMiB ?? Infinity;
};

const sessionsOn = (world: World, vmUID: string): readonly Session[] =>
  world.database.list('Session').filter((session) => session.status?.vm?.uid === vmUID && !isFinished(session));
