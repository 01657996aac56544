// Which VMs leave: never one with an unfinished session, and never below what minVMs, warm and primed slots ask for.
import { parseTime } from '../../api/clock.ts';
import { findCondition } from '../../api/condition.ts';
import { poolSettings } from '../../api/settings.ts';
import type { VM, VMPool } from '../../api/types.generated.ts';
import { isCollecting, isDraining, refusalOf } from '../vm/facts.ts';
import { isTooOld, type VMState } from './classify.ts';

export interface Retirement {
  readonly vm: VM;
  readonly because: string;
}

export interface Retired {
  readonly leaving: readonly Retirement[];
  /** When the next VM will have been idle, or have lived, for too long. */
  readonly recheckAt: number | undefined;
}

/** How many sessions this pass places on a VM, by its name. */
export type Chosen = ReadonlyMap<string, number>;

export const retire = (pool: VMPool, vms: readonly VMState[], chosen: Chosen, now: number): Retired => {
  const staying: VMState[] = [];
  const leaving: Retirement[] = [];
  for (const state of vms) {
    if (isDraining(state.vm)) continue;
    const because = reasonToLeave(state, pool, chosen, now);
    if (because === undefined) staying.push(state);
    else leaving.push({ vm: state.vm, because });
  }
  if (isPaused(pool)) return { leaving, recheckAt: undefined };
  return { leaving: [...leaving, ...idle(pool, staying, chosen, now)], recheckAt: nextDue(pool, staying, now) };
};

/** A pool that is paused deletes no VM of its own accord; its own deletion ends the pause. */
const isPaused = (pool: VMPool): boolean => pool.spec.paused === true && pool.metadata.deletionTimestamp === undefined;

const reasonToLeave = (state: VMState, pool: VMPool, chosen: Chosen, now: number): string | undefined => {
  const { vm, sessions } = state;
  if (vm.metadata.deletionTimestamp) return 'its deletion was requested';
  if (isCollecting(vm)) return 'its machine was deallocated: it leaves once its output is collected';
  if (isPaused(pool) || sessions.length > 0 || chosen.has(vm.metadata.name)) return undefined;
  return mustLeave(state, pool, now);
};

const mustLeave = ({ vm }: VMState, pool: VMPool, now: number): string | undefined => {
  const failed = findCondition(vm.status?.conditions, 'Failed');
  if (failed?.status === 'True') return failed.message;
  const refusal = refusalOf(vm);
  if (refusal !== undefined) return `it could not be made: ${refusal}`;
  if (pool.metadata.deletionTimestamp) return 'its pool is being deleted';
  if (isTooOld(vm, pool, now)) return `it is older than maxAgeSeconds (${pool.spec.maxAgeSeconds})`;
  if (vm.spec.cordoned) return 'it is cordoned and empty';
  return undefined;
};

/** The longest idle first, each only if what stays still meets every floor. */
const idle = (pool: VMPool, staying: readonly VMState[], chosen: Chosen, now: number): Retirement[] => {
  const timeout = idleTimeout(pool);
  const { maxVMs } = poolSettings(pool.spec);
  const surplus = staying.length - maxVMs;
  const candidates = staying
    .filter(({ vm, bucket, sessions }) => bucket === 'ready' && sessions.length === 0 && !chosen.has(vm.metadata.name))
    .toSorted((a, b) => idleSince(a, now) - idleSince(b, now));
  const floors = floorsOf(pool, staying, chosen, now);
  const leaving: Retirement[] = [];
  for (const state of candidates) {
    const expired = now >= idleSince(state, now) + timeout;
    if ((!expired && leaving.length >= surplus) || !floors.spare(state)) continue;
    leaving.push({
      vm: state.vm,
      because: expired ? `it was idle for ${timeout / 1000} s` : `the pool has more than maxVMs (${maxVMs})`,
    });
  }
  return leaving;
};

interface Floors {
  /** Takes the VM out of what stays, if that still meets every floor. */
  spare(state: VMState): boolean;
}

const floorsOf = (pool: VMPool, staying: readonly VMState[], chosen: Chosen, now: number): Floors => {
  const { minVMs, warmSlots } = poolSettings(pool.spec);
  const prime = pool.spec.prime && parseTime(pool.spec.prime.untilTime) > now ? pool.spec.prime : undefined;
  const isPrimed = ({ size, region }: VMState): boolean =>
    prime !== undefined && (!prime.size || prime.size === size) && (!prime.region || prime.region === region);
  const freeSlots = ({ vm, slots, sessions }: VMState): number =>
    Math.max(0, slots - sessions.length - (chosen.get(vm.metadata.name) ?? 0));
  const ready = staying.filter(({ bucket }) => bucket === 'ready');
  // What failed or was refused is on its way out, and so counts for nothing; growth.ts counts the same way.
  let count = staying.filter(({ bucket }) => bucket !== 'failed').length;
  let free = ready.reduce((sum, state) => sum + freeSlots(state), 0);
  let primed = ready.filter(isPrimed).reduce((sum, state) => sum + freeSlots(state), 0);
  return {
    spare: (state) => {
      const slots = freeSlots(state);
      const primedSlots = isPrimed(state) ? slots : 0;
      if (count - 1 < minVMs || free - slots < warmSlots || primed - primedSlots < (prime?.slots ?? 0)) return false;
      count -= 1;
      free -= slots;
      primed -= primedSlots;
      return true;
    },
  };
};

const idleTimeout = (pool: VMPool): number => poolSettings(pool.spec).idleTimeoutSeconds * 1000;

/** Where it is not told yet, its last session has only just ended. */
const idleSince = ({ vm: { status } }: VMState, now: number): number =>
  status?.idleSince === undefined ? now : parseTime(status.idleSince);

const nextDue = (pool: VMPool, staying: readonly VMState[], now: number): number | undefined => {
  const { maxAgeSeconds, prime } = pool.spec;
  const times = staying.flatMap((state) => [
    ...(state.bucket === 'ready' && state.sessions.length === 0 ? [idleSince(state, now) + idleTimeout(pool)] : []),
    ...(maxAgeSeconds === undefined ? [] : [parseTime(state.vm.metadata.creationTimestamp) + maxAgeSeconds * 1000]),
  ]);
  if (prime) times.push(parseTime(prime.untilTime));
  const due = times.filter((time) => time > now);
  return due.length === 0 ? undefined : Math.min(...due);
};
