// What must hold for VMs: never more on one than it holds, never more of them than allowed, none deleted under a session.

import { parseMoney } from '../../controller/api/money.ts';
import { keyString, type Resource } from '../../controller/api/object.ts';
import { poolSizes } from '../../controller/api/sizes.ts';
import type { Session, VM, VMPool } from '../../controller/api/types.generated.ts';
import { isFinished, memoryOf, occupiedVM, poolNameOf, startedOf } from '../../controller/reconcilers/session/facts.ts';
import { isDraining, isFailed, wasBooted } from '../../controller/reconcilers/vm/facts.ts';
import type { CloudMachine } from '../fakes/cloud.ts';
import { isOvertaken } from './store-view.ts';
import { vmOf, type World } from './world.ts';

type Violate = (what: string) => void;

/** A controller may act on a limit that people changed no longer ago than its view of the store may lag. */
const LAG_MS = 240_000;
/** A VM made for a session that left the queue meanwhile may take this long to boot. */
const LEFT_MS = 450_000;

export interface Limits {
  note(before: Resource | undefined, after: Resource | undefined): void;
  /**
   * The most generous maxVMs and budget (in 1/10,000 USD) of late, or since this VM was decided on: its machine may be asked
   * for as much later as there was no controller. Undefined for a pool that never was.
   */
  of(pool: string, vmUID?: string): Recent | undefined;
  /** Its creation was on its way when its controller lost its office, beside what its successor then made: nobody could know. */
  isExtra(vmUID: string): boolean;
}

interface Recent {
  readonly maxVMs: number;
  readonly hourly: number;
  /** VMs and slots that no session asks for. */
  readonly standby: number;
  /** Sessions that waited, and do not any more. */
  readonly left: number;
}

interface Limit extends Omit<Recent, 'left'> {
  replacedAt: number;
}

export const createLimits = ({ timeline, writer }: World): Limits => {
  const history = new Map<string, Limit[]>();
  const left: { readonly pool: string; readonly at: number }[] = [];
  const decidedAt = new Map<string, number>();
  const extra = new Set<string>();
  const noteVM = ({ metadata: { uid } }: VM): void => {
    decidedAt.set(uid, timeline.elapsed());
    if (isOvertaken(writer())) extra.add(uid);
  };
  const noteSession = (before: Session, after: Session | undefined): void => {
    if (!isWaiting(before) || (after && isWaiting(after))) return;
    left.push({ pool: keyString({ namespace: before.metadata.namespace, name: poolNameOf(before) }), at: timeline.elapsed() });
  };
  return {
    note: (before, after) => {
      if (before?.kind === 'Session') noteSession(before, after as Session | undefined);
      if (!before && after?.kind === 'VM') noteVM(after as VM);
      const pool = (after ?? before)?.kind === 'VMPool' ? ((after ?? before) as VMPool) : undefined;
      if (!pool || before?.spec === after?.spec) return;
      const limits = history.get(keyString(pool.metadata)) ?? [];
      for (const limit of limits) limit.replacedAt = Math.min(limit.replacedAt, timeline.elapsed());
      const { maxVMs = 10, minVMs = 0, warmSlots = 0, prime, budget } = pool.spec;
      const standby = minVMs + warmSlots + (prime?.slots ?? 0);
      limits.push({ maxVMs, standby, hourly: budget ? parseMoney(budget.maxHourlyUSD) : Infinity, replacedAt: Infinity });
      history.set(keyString(pool.metadata), limits);
    },
    isExtra: (vmUID) => extra.has(vmUID),
    of: (pool, vmUID = '') => {
      const since = Math.min(timeline.elapsed() - LAG_MS, decidedAt.get(vmUID) ?? Infinity);
      const recent = history.get(pool)?.filter((limit) => limit.replacedAt > since);
      if (!recent) return undefined;
      const most = (of: (limit: Limit) => number): number => Math.max(...recent.map(of));
      return {
        maxVMs: most((limit) => limit.maxVMs),
        hourly: most((limit) => limit.hourly),
        standby: most((limit) => limit.standby),
        left: left.filter((one) => one.pool === pool && one.at > timeline.elapsed() - LEFT_MS).length,
      };
    },
  };
};

export const checkNewVM = (world: World, limits: Limits, vm: VM, violate: Violate): void => {
  const pool = keyString({ namespace: vm.metadata.namespace, name: vm.spec.poolRef.name });
  const ours = world.database.list('VM').filter((other) => other.spec.poolRef.name === vm.spec.poolRef.name);
  const count = ours.filter(({ metadata }) => !limits.isExtra(metadata.uid)).length;
  const { maxVMs = 0 } = limits.of(pool) ?? {};
  if (count > maxVMs) violate(`${vm.metadata.name} is VM ${count} of a pool with maxVMs ${maxVMs}`);
};

/** Draining comes before deleting, and the machine goes before its object does (SPEC 2.3). */
export const checkVMChange = (world: World, before: VM, after: VM | undefined, violate: Violate): void => {
  const { name, uid, annotations, deletionTimestamp } = before.metadata;
  if (annotations?.['berth.dev/abandon']) return;
  if (after?.metadata.deletionTimestamp && !deletionTimestamp && !isDraining(before))
    violate(`deletion of ${name} is requested before it drains`);
  const left = after ? undefined : world.cloud.byVM(uid);
  if (left) violate(`${name} is released while its machine ${left.id} exists (${left.state})`);
};

const isWaiting = (session: Session): boolean => !isFinished(session) && startedOf(session) !== 'yes';

/** Azure takes it away, and the pool may have seen that before its VM's status says more than why it is not ready. */
const isGoing = (world: World, vm: VM): boolean => world.cloud.byVM(vm.metadata.uid)?.state === 'deleting';

/** Whoever waits needs one VM at most: what boots must not outnumber them, and who left the queue just now. */
export const checkThrift = (world: World, limits: Limits, vm: VM, violate: Violate): void => {
  const ofPool = (name: string | undefined, namespace: string): boolean =>
    name === vm.spec.poolRef.name && namespace === vm.metadata.namespace;
  const ours = world.database.list('VM').filter((other) => ofPool(other.spec.poolRef.name, other.metadata.namespace));
  const takesSessions = (other: VM): boolean =>
    !isFailed(other) && !isDraining(other) && !other.spec.cordoned && !other.metadata.deletionTimestamp && !isGoing(world, other);
  const waiting = world.database.list('Session').filter((one) => ofPool(poolNameOf(one), one.metadata.namespace) && isWaiting(one));
  // One that no boot timeout ends, as a clock was set back, may outlast who it was made for by far, and be of no use to others.
  const isOfUse = (other: VM): boolean => waiting.length === 0 || waiting.some((session) => couldHold(world, other, session));
  const booting = ours.filter(
    (other) => !wasBooted(other) && takesSessions(other) && isOfUse(other) && !limits.isExtra(other.metadata.uid),
  );
  const { standby = 0, left = 0 } = limits.of(keyString({ namespace: vm.metadata.namespace, name: vm.spec.poolRef.name })) ?? {};
  if (booting.length > waiting.length + standby + left) {
    violate(
      `${vm.metadata.name} is made while ${booting.length - 1} VMs boot, for ${waiting.length} sessions that wait and ${standby} slots held ready`,
    );
  }
};

export const checkNewMachine = (world: World, limits: Limits, machine: CloudMachine, violate: Violate): void => {
  const ours = world.cloud.existing(machine.pool).filter(({ vmUID }) => !limits.isExtra(vmUID));
  const { maxVMs = 0, hourly = 0 } = limits.of(machine.pool, machine.vmUID) ?? {};
  if (ours.length > maxVMs) violate(`${machine.vmName} is machine ${ours.length} of a pool with maxVMs ${maxVMs}`);
  const cost = ours.reduce((sum, other) => sum + other.hourly, 0);
  if (cost > hourly)
    violate(`with ${machine.vmName} pool ${machine.pool} costs ${cost / 10_000} USD an hour, its budget is ${hourly / 10_000}`);
};

/** Only an empty VM may go, or one that has not answered for so long that it is fenced. */
export const checkDeletion = (world: World, machine: CloudMachine, violate: Violate): void => {
  if (machine.wasCutOff || machine.wasEvicted) return;
  const pool = world.database.list('VMPool').find((one) => keyString(one.metadata) === machine.pool);
  if (pool?.metadata.annotations?.['berth.dev/abandon']) return;
  for (const session of sessionsOn(world, machine.vmUID)) {
    violate(`machine ${machine.id} of ${machine.vmName} is deleted with unfinished session ${session.metadata.name} on it`);
  }
};

/** Whether a stored change touches anything that `checkPlacements` looks at. */
export const concernsPlacements = (before: Resource | undefined, after: Resource | undefined): boolean => {
  if (!before || !after) return true;
  if (before.kind === 'Session' && after.kind === 'Session')
    return isFinished(before) !== isFinished(after) || occupiedVM(before) !== occupiedVM(after) || memoryOf(before) !== memoryOf(after);
  if (before.kind === 'VM' && after.kind === 'VM')
    return before.spec !== after.spec || before.status?.memoryMiB !== after.status?.memoryMiB;
  return before.spec !== after.spec;
};

/** Whether a stored change touches the slots that `checkRuns` counts against. */
export const concernsRuns = (before: Resource | undefined, after: Resource | undefined): boolean =>
  (after ?? before)?.kind === 'VM' && before?.spec !== after?.spec;

/** Without those whose placement was on its way when its controller lost its office: the VM itself refuses what does not fit. */
export const checkPlacements = (world: World, overtaken: ReadonlySet<string>, violate: Violate): void => {
  const unfinished = world.database.list('Session').filter((session) => !isFinished(session) && !overtaken.has(session.metadata.uid));
  for (const [uid, sessions] of Map.groupBy(unfinished, occupiedVM)) {
    const vm = uid === undefined ? undefined : vmOf(world, uid);
    if (!vm) continue;
    const names = sessions.map((session) => session.metadata.name).join(', ');
    if (sessions.length > vm.spec.slots)
      violate(`${sessions.length} sessions on the ${vm.spec.slots} slots of ${vm.metadata.name}: ${names}`);
    const memory = sessions.reduce((sum, session) => sum + memoryOf(session), 0);
    const available = memoryOfVM(world, vm);
    if (memory > available) violate(`sessions with ${memory} MiB on ${vm.metadata.name} of ${available} MiB: ${names}`);
  }
};

/** Holds whatever two controllers believe at once: the VM itself refuses what does not fit. */
export const checkRuns = (world: World, violate: Violate): void => {
  for (const machine of world.cloud.existing()) {
    const slots = vmOf(world, machine.vmUID)?.spec.slots;
    const live = [...machine.runs.all.values()].filter((run) => run.state !== 'ended').length;
    if (slots !== undefined && live > slots) violate(`${live} runs on the ${slots} slots of ${machine.vmName}`);
  }
};

const couldHold = (world: World, vm: VM, session: Session): boolean =>
  (session.spec.size ?? vm.spec.size) === vm.spec.size && memoryOf(session) <= memoryOfVM(world, vm);

const memoryOfVM = (world: World, vm: VM): number => {
  if (vm.status?.memoryMiB !== undefined) return vm.status.memoryMiB;
  const pool = world.database.get('VMPool', { namespace: vm.metadata.namespace, name: vm.spec.poolRef.name });
  const size = pool && poolSizes(pool.spec).find((one) => one.name === vm.spec.size);
  return size?.memoryMiB ?? Infinity;
};

const sessionsOn = (world: World, vmUID: string): readonly Session[] =>
  world.database.list('Session').filter((session) => session.status?.vm?.uid === vmUID && !isFinished(session));
