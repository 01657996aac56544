// Which VMs leave: never one with an unfinished session, and never below what minVMs, warm and primed slots ask for.
import { parseTime } from '../../api/clock.ts';
import type { VM, VMPool } from '../../api/types.generated.ts';
import { isDraining } from '../vm/facts.ts';
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

/** `chosen` are names of VMs that this pass places sessions on. */
export const retire = (pool: VMPool, vms: readonly VMState[], chosen: ReadonlySet<string>, now: number): Retired => {
  const empty = vms.filter(({ vm, sessions }) => !isDraining(vm) && sessions.length === 0 && !chosen.has(vm.metadata.name));
  const leaving: Retirement[] = vms
    .filter(({ vm }) => vm.metadata.deletionTimestamp !== undefined && !isDraining(vm))
    .map(({ vm }) => ({ vm, because: 'its deletion was requested' }));
  for (const state of empty) {
    const because = mustLeave(state, pool, now);
    if (because !== undefined && !state.vm.metadata.deletionTimestamp) leaving.push({ vm: state.vm, because });
  }
  const gone = new Set(leaving.map(({ vm }) => vm.metadata.uid));
  const staying = vms.filter(({ vm, bucket }) => bucket !== 'leaving' && !gone.has(vm.metadata.uid));
  leaving.push(...idle(pool, staying, chosen, now));
  return { leaving, recheckAt: nextDue(pool, staying, now) };
};

const mustLeave = ({ vm, bucket }: VMState, pool: VMPool, now: number): string | undefined => {
  if (bucket === 'failed') return vm.status?.conditions?.find(({ type }) => type === 'Failed')?.message ?? 'it failed';
  if (pool.metadata.deletionTimestamp) return 'its pool is being deleted';
  if (isTooOld(vm, pool, now)) return `it is older than maxAgeSeconds (${pool.spec.maxAgeSeconds})`;
  if (vm.spec.cordoned) return 'it is cordoned and empty';
  return undefined;
};

/** The longest idle first, each only if what stays still meets every floor. */
const idle = (pool: VMPool, staying: readonly VMState[], chosen: ReadonlySet<string>, now: number): Retirement[] => {
  const timeout = idleTimeout(pool);
  const surplus = staying.length - (pool.spec.maxVMs ?? 10);
  const candidates = staying
    .filter(({ vm, bucket, sessions }) => bucket === 'ready' && sessions.length === 0 && !chosen.has(vm.metadata.name))
    .toSorted((a, b) => idleSince(a) - idleSince(b));
  let kept = staying;
  const leaving: Retirement[] = [];
  for (const state of candidates) {
    const expired = now >= idleSince(state) + timeout;
    if (!expired && leaving.length >= surplus) continue;
    const without = kept.filter((other) => other !== state);
    if (!meetsFloors(pool, without, now)) continue;
    kept = without;
    leaving.push({
      vm: state.vm,
      because: expired ? `it was idle for ${timeout / 1000} s` : `the pool has more than maxVMs (${pool.spec.maxVMs})`,
    });
  }
  return leaving;
};

const meetsFloors = (pool: VMPool, kept: readonly VMState[], now: number): boolean => {
  if (kept.length < (pool.spec.minVMs ?? 0)) return false;
  const ready = kept.filter(({ bucket }) => bucket === 'ready');
  const { prime } = pool.spec;
  if (freeSlots(ready) < (pool.spec.warmSlots ?? 0)) return false;
  if (!prime || parseTime(prime.untilTime) <= now) return true;
  const primed = ready.filter(({ size, region }) => (!prime.size || prime.size === size) && (!prime.region || prime.region === region));
  return freeSlots(primed) >= prime.slots;
};

const freeSlots = (vms: readonly VMState[]): number =>
  vms.reduce((sum, { slots, sessions }) => sum + Math.max(0, slots - sessions.length), 0);

const idleTimeout = (pool: VMPool): number => (pool.spec.idleTimeoutSeconds ?? 1800) * 1000;

const idleSince = ({ vm }: VMState): number => parseTime(vm.status?.idleSince ?? vm.metadata.creationTimestamp);

const nextDue = (pool: VMPool, staying: readonly VMState[], now: number): number | undefined => {
  const { maxAgeSeconds, prime } = pool.spec;
  const times = staying.flatMap((state) => [
    ...(state.bucket === 'ready' && state.sessions.length === 0 ? [idleSince(state) + idleTimeout(pool)] : []),
    ...(maxAgeSeconds === undefined ? [] : [parseTime(state.vm.metadata.creationTimestamp) + maxAgeSeconds * 1000]),
  ]);
  if (prime) times.push(parseTime(prime.untilTime));
  const due = times.filter((time) => time > now);
  return due.length === 0 ? undefined : Math.min(...due);
};
