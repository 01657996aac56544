// Puts every VM in exactly one bucket and every session in exactly one state, before anything is counted or chosen.
import { parseTime } from '../../api/clock.ts';
import { onceInARow } from '../../api/once.ts';
import { poolSizes, type Size, type SizeName } from '../../api/sizes.ts';
import type { Session, VM, VMPool } from '../../api/types.generated.ts';
import type { Offering } from '../../provider/provider.ts';
import { memoryOf, occupiedVM, startedOf } from '../session/facts.ts';
import { belongsTo, isCollecting, isDraining, isFailed, isReady, isUnreachable, refusalOf } from '../vm/facts.ts';
import type { PoolObserved } from './model.ts';
import { type Pending, queue } from './queue.ts';

/**
 * ready and booting take sessions; closed keeps those it has (cordoned, too old); unreachable may come back; failed
 * (also: refused by a quota) and leaving do not.
 */
export type Bucket = 'ready' | 'booting' | 'closed' | 'unreachable' | 'failed' | 'leaving';

export interface VMState {
  readonly vm: VM;
  readonly bucket: Bucket;
  readonly size: SizeName;
  /** Unset until known, for a VM that any region may host. */
  readonly region: string | undefined;
  readonly slots: number;
  readonly memoryMiB: number;
  /** Those that take a slot of it: unfinished, placed on it, and not lost there. */
  readonly sessions: readonly Session[];
  readonly usedMemoryMiB: number;
}

export interface Classified {
  readonly vms: readonly VMState[];
  /** To be placed, in queue order: never placed, or placed where it can not start any more. */
  readonly pending: readonly Pending[];
}

export const classify = onceInARow((observed: PoolObserved): Classified => {
  const { pool } = observed;
  const onVM = Map.groupBy(observed.sessions, occupiedVM);
  const sizes = new Map(pool ? poolSizes(pool.spec).map((size) => [size.name, size]) : []);
  const vms = observed.vms
    .filter((vm) => !pool || belongsTo(vm, pool))
    .map((vm) => vmState(vm, pool, onVM.get(vm.metadata.uid) ?? [], memoryOfVM(vm, sizes, observed.offerings), observed.now));
  const byUID = new Map(vms.map((state) => [state.vm.metadata.uid, state]));
  return { vms, pending: queue(observed.sessions.filter((session) => isPending(session, byUID))) };
});

const vmState = (vm: VM, pool: VMPool | undefined, sessions: readonly Session[], memoryMiB: number, now: number): VMState => ({
  vm,
  bucket: bucketOf(vm, pool, now),
  size: vm.spec.size,
  region: vm.status?.region ?? vm.spec.region,
  slots: vm.spec.slots,
  memoryMiB,
  sessions,
  usedMemoryMiB: sessions.reduce((sum, session) => sum + memoryOf(session), 0),
});

/** Until its machine is known, it counts with the least that it may become. */
const memoryOfVM = ({ spec, status }: VM, sizes: ReadonlyMap<SizeName, Size>, offerings: readonly Offering[]): number => {
  if (status?.memoryMiB !== undefined) return status.memoryMiB;
  const nominal = sizes.get(spec.size)?.memoryMiB ?? 0;
  const offered = offerings.flatMap(({ size, slots = spec.slots, memoryMiB = nominal }) =>
    size === spec.size && slots === spec.slots ? [memoryMiB] : [],
  );
  return offered.length > 0 ? Math.min(...offered) : nominal;
};

const bucketOf = (vm: VM, pool: VMPool | undefined, now: number): Bucket => {
  if (isDraining(vm) || isCollecting(vm) || vm.metadata.deletionTimestamp) return 'leaving';
  if (isFailed(vm) || refusalOf(vm) !== undefined) return 'failed';
  if (isUnreachable(vm)) return 'unreachable';
  if (vm.spec.cordoned || isTooOld(vm, pool, now)) return 'closed';
  return isReady(vm) ? 'ready' : 'booting';
};

export const isTooOld = (vm: VM, pool: VMPool | undefined, now: number): boolean => {
  const maxAge = pool?.spec.maxAgeSeconds;
  return maxAge !== undefined && now >= parseTime(vm.metadata.creationTimestamp) + maxAge * 1000;
};

/** Before its launch was begun a session may go anywhere; after that only once its attempt is known to be lost. */
const isPending = (session: Session, byUID: ReadonlyMap<string, VMState>): boolean => {
  if (session.metadata.deletionTimestamp || session.spec.shutdown || session.status?.shutdown) return false;
  const started = startedOf(session);
  if (started === 'yes' || started === 'launching') return false;
  if (started === 'lost') return true;
  const uid = session.status?.vm?.uid;
  const bucket = uid === undefined ? undefined : byUID.get(uid)?.bucket;
  return bucket !== 'ready' && bucket !== 'booting' && bucket !== 'closed';
};
