// Puts pending sessions onto VMs that exist, in queue order, best fit (SPEC 3.1, 3.2, 3.4).
import { parseTime } from '../../api/clock.ts';
import type { Session, VM } from '../../api/types.generated.ts';
import type { VMState } from './classify.ts';
import { type Berths, createFleet, type Fleet } from './fleet.ts';
import { classOf, type Pending } from './queue.ts';

/** A head of its class that has waited this long keeps the next fitting slot from sessions that need less. */
const RESERVE_AFTER_MS = 30 * 60_000;

export interface Placement {
  readonly placed: readonly Placed[];
  /** Fits nowhere now, in queue order. */
  readonly unplaced: readonly Pending[];
  /** What is still free after it. */
  readonly fleet: Pick<Fleet, 'freeSlots'>;
}

export interface Placed {
  readonly session: Session;
  readonly vm: VM;
  readonly ready: boolean;
}

/** What is ready goes by the queue. Who is left shares what boots. */
export const place = (pending: readonly Pending[], vms: readonly VMState[], now: number): Placement => {
  const first = fill(pending, vms, 'ready', now);
  const second = share(first.unplaced, vms, now);
  return {
    placed: first.placed.concat(second.placed),
    unplaced: second.unplaced,
    fleet: { freeSlots: (matching) => first.fleet.freeSlots(matching) + second.fleet.freeSlots(matching) },
  };
};

/** What is free on a VM that exists. */
interface VMBerths extends Berths {
  readonly vm: VM;
}

const fill = (queue: readonly Pending[], vms: readonly VMState[], bucket: 'ready' | 'booting', now: number): Placement => {
  const fleet = createFleet(vms.filter((state) => state.bucket === bucket).map(berthsOf));
  const ready = bucket === 'ready';
  const placed: Placed[] = [];
  const unplaced: Pending[] = [];
  const full = new Set<string>();
  for (const pending of queue) {
    const isFull = full.size > 0 && full.has(classOf(pending));
    const berths = isFull ? undefined : fleet.take(pending);
    if (berths) {
      placed.push({ session: pending.session, vm: berths.vm, ready });
      continue;
    }
    if (!isFull && now - parseTime(pending.since) > RESERVE_AFTER_MS) fleet.reserve(pending);
    full.add(classOf(pending));
    unplaced.push(pending);
  }
  return { placed, unplaced, fleet };
};

/**
 * The VMs that boot were made for who waits: packed as they were planned (the most demanding first), everybody has a
 * place, and nobody who could have gone anywhere takes what was made for another. Where not all fit, as when one of several
 * could not be made, the order of the queue decides, unless it leaves more of them without.
 */
const share = (queue: readonly Pending[], vms: readonly VMState[], now: number): Placement => {
  const planned = fill(queue.toSorted(byDecreasingDemand), vms, 'booting', now);
  if (planned.unplaced.length === 0) return planned;
  const queued = fill(queue, vms, 'booting', now);
  if (queued.unplaced.length <= planned.unplaced.length) return queued;
  const unplaced = new Set(planned.unplaced);
  return { ...planned, unplaced: queue.filter((pending) => unplaced.has(pending)) };
};

const byDecreasingDemand = (a: Pending, b: Pending): number =>
  Number(b.region !== undefined) - Number(a.region !== undefined) ||
  Number(b.size !== undefined) - Number(a.size !== undefined) ||
  b.memoryMiB - a.memoryMiB;

const berthsOf = (state: VMState): VMBerths => ({
  vm: state.vm,
  name: state.vm.metadata.name,
  size: state.size,
  region: state.region,
  memoryMiB: state.memoryMiB,
  // Never negative, even if a race has put more on it than fits: it only waits for room then.
  freeSlots: Math.max(0, state.slots - state.sessions.length),
  freeMemoryMiB: state.memoryMiB - state.usedMemoryMiB,
});
