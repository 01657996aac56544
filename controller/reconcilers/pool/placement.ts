// Puts pending sessions onto VMs that exist, in queue order, best fit (SPEC 3.1, 3.2, 3.4).
import { parseTime } from '../../api/clock.ts';
import type { Session, VM } from '../../api/types.generated.ts';
import { memoryOf } from '../session/facts.ts';
import type { VMState } from './classify.ts';
import { type Berths, createFleet, type Demand, type Fleet } from './fleet.ts';

/** A head of its class that has waited this long keeps the next fitting slot from sessions that need less. */
const RESERVE_AFTER_MS = 30 * 60_000;

export interface Placement {
  readonly placed: readonly Placed[];
  /** Fits nowhere now, in queue order. */
  readonly unplaced: readonly Session[];
  /** What is still free after it. */
  readonly fleet: Pick<Fleet, 'freeSlots'>;
}

export interface Placed {
  readonly session: Session;
  readonly vm: VM;
  readonly ready: boolean;
}

/** What is ready goes by the queue. Who is left shares what boots. */
export const place = (pending: readonly Session[], vms: readonly VMState[], now: number): Placement => {
  const ready = open(vms, 'ready');
  const first = fill(pending, ready, now);
  const second = share(first.unplaced, vms, now);
  const placed = (of: Filling, isReady: boolean): Placed[] => of.placed.map(([session, vm]) => ({ session, vm, ready: isReady }));
  return {
    placed: [...placed(first, true), ...placed(second, false)],
    unplaced: second.unplaced,
    fleet: { freeSlots: (matching) => ready.fleet.freeSlots(matching) + second.fleet.freeSlots(matching) },
  };
};

interface Open {
  readonly fleet: Fleet;
  readonly byName: ReadonlyMap<string, VM>;
}

interface Filling {
  readonly placed: readonly (readonly [Session, VM])[];
  readonly unplaced: readonly Session[];
  readonly fleet: Fleet;
}

const open = (vms: readonly VMState[], bucket: 'ready' | 'booting'): Open => {
  const states = vms.filter((state) => state.bucket === bucket);
  return { fleet: createFleet(states.map(berthsOf)), byName: new Map(states.map(({ vm }) => [vm.metadata.name, vm])) };
};

const fill = (sessions: readonly Session[], { fleet, byName }: Open, now: number): Filling => {
  const placed: [Session, VM][] = [];
  const unplaced: Session[] = [];
  const full = new Set<string>();
  for (const session of sessions) {
    const demand = demandOf(session);
    const demandClass = classOf(demand);
    const berths = full.has(demandClass) ? undefined : fleet.take(demand);
    const vm = berths && byName.get(berths.name);
    if (vm) {
      placed.push([session, vm]);
      continue;
    }
    if (!full.has(demandClass) && now - parseTime(session.metadata.creationTimestamp) > RESERVE_AFTER_MS) fleet.reserve(demand);
    full.add(demandClass);
    unplaced.push(session);
  }
  return { placed, unplaced, fleet };
};

/**
 * The VMs that boot were made for who waits: packed as they were planned (the most demanding first), everybody has a
 * place, and nobody who could have gone anywhere takes what was made for another. Where not all fit, as when one of several
 * could not be made, the order of the queue decides, unless it leaves more of them without.
 */
const share = (sessions: readonly Session[], vms: readonly VMState[], now: number): Filling => {
  const planned = fill(sessions.toSorted(byDecreasingDemand), open(vms, 'booting'), now);
  if (planned.unplaced.length === 0) return planned;
  const queued = fill(sessions, open(vms, 'booting'), now);
  if (queued.unplaced.length <= planned.unplaced.length) return queued;
  const unplaced = new Set(planned.unplaced);
  return { ...planned, unplaced: sessions.filter((session) => unplaced.has(session)) };
};

const byDecreasingDemand = (a: Session, b: Session): number =>
  Number(b.spec.region !== undefined) - Number(a.spec.region !== undefined) ||
  Number(b.spec.size !== undefined) - Number(a.spec.size !== undefined) ||
  memoryOf(b) - memoryOf(a);

export const demandOf = (session: Session): Demand => ({
  size: session.spec.size,
  region: session.spec.region,
  memoryMiB: memoryOf(session),
});

/** Within one class the order of the queue is strict: who comes later needs just as much. */
export const classOf = (demand: Demand): string => `${demand.size ?? ''} ${demand.region ?? ''} ${demand.memoryMiB}`;

const berthsOf = (state: VMState): Berths => ({
  name: state.vm.metadata.name,
  size: state.size,
  region: state.region,
  memoryMiB: state.memoryMiB,
  // Never negative, even if a race has put more on it than fits: it only waits for room then.
  freeSlots: Math.max(0, state.slots - state.sessions.length),
  freeMemoryMiB: state.memoryMiB - state.usedMemoryMiB,
});
