// Puts pending sessions onto VMs that exist, in queue order, best fit (SPEC 3.1, 3.2, 3.4).
import { parseTime } from '../../api/clock.ts';
import type { Session, VM } from '../../api/types.generated.ts';
import { memoryOf } from '../session/facts.ts';
import type { VMState } from './classify.ts';
import { type Berths, createFleet, type Demand, type Fleet } from './fleet.ts';

/** A head of its class that has waited this long keeps the next fitting slot from sessions that need less. */
const RESERVE_AFTER_MS = 30 * 60_000;

export interface Placement {
  readonly placed: readonly { readonly session: Session; readonly vm: VM; readonly ready: boolean }[];
  /** Fits nowhere now, in queue order. */
  readonly unplaced: readonly Session[];
  /** What is still free after it. */
  readonly fleet: Fleet;
}

export const place = (pending: readonly Session[], vms: readonly VMState[], now: number): Placement => {
  const open = vms.filter(({ bucket }) => bucket === 'ready' || bucket === 'booting');
  const byName = new Map(open.map((state) => [state.vm.metadata.name, state.vm]));
  const fleet = createFleet(open.map(berthsOf));
  const placed: { session: Session; vm: VM; ready: boolean }[] = [];
  const unplaced: Session[] = [];
  const full = new Set<string>();
  for (const session of pending) {
    const demand = demandOf(session);
    const demandClass = classOf(demand);
    const berths = full.has(demandClass) ? undefined : fleet.take(demand);
    const vm = berths && byName.get(berths.name);
    if (berths && vm) {
      placed.push({ session, vm, ready: berths.rank === 0 });
      continue;
    }
    if (!full.has(demandClass) && now - parseTime(session.metadata.creationTimestamp) > RESERVE_AFTER_MS) fleet.reserve(demand);
    full.add(demandClass);
    unplaced.push(session);
  }
  return { placed, unplaced, fleet };
};

export const demandOf = (session: Session): Demand => ({
  size: session.spec.size,
  region: session.spec.region,
  memoryMiB: memoryOf(session),
});

/** Within one class the order of the queue is strict: who comes later needs just as much. */
export const classOf = (demand: Demand): string => `${demand.size ?? ''} ${demand.region ?? ''} ${demand.memoryMiB}`;

const berthsOf = (state: VMState): Berths => ({
  name: state.vm.metadata.name,
  rank: state.bucket === 'ready' ? 0 : 1,
  size: state.size,
  region: state.region,
  memoryMiB: state.memoryMiB,
  // Never negative, even if a race has put more on it than fits: it only waits for room then.
  freeSlots: Math.max(0, state.slots - state.sessions.length),
  freeMemoryMiB: state.memoryMiB - state.usedMemoryMiB,
});
