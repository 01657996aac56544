// Who need not be told yet that the pool is full: while others come to their places, most of those who wait are placed
// before long, and to tell each of them first would take as long as to place them.
import { parseTime } from '../../api/clock.ts';
import { findCondition } from '../../api/condition.ts';
import type { Session } from '../../api/types.generated.ts';
import type { PoolObserved, Wait } from './model.ts';
import type { Pending } from './queue.ts';

/** So long after the last of them was placed, or the last VM was made, it has come to a halt. */
export const HALT_MS = 5_000;
/** Who has waited for that long is told in any case. */
const LONGEST_MS = 30_000;

/** A pool may be made a moment after its sessions: by one command, or one look at a folder. Creation times are whole seconds. */
const POOL_MS = 3_000;

/** Until when a session is not told yet that its pool does not exist. */
export const poolAwaitedUntil = ({ since }: Pending, { now, isPatient }: PoolObserved): number | undefined => {
  const until = parseTime(since) + POOL_MS;
  // A clock that was set back must not make anybody wait for as long.
  return isPatient && now < until && now >= until - POOL_MS ? until : undefined;
};

/** Without those who need not know yet. `isBusy`: this pass finds places, or makes VMs. */
export const worthTelling = (waits: ReadonlyMap<Session, Wait>, observed: PoolObserved, isBusy: boolean): ReadonlyMap<Session, Wait> => {
  if (!observed.isPatient || !(isBusy || wasBusy(observed))) return waits;
  return new Map([...waits].filter(([session, { reason }]) => reason !== 'PoolFull' || isDue(session, observed.now)));
};

/** Also who has to be told that a place it was given is none any more. */
const isDue = ({ metadata, status }: Session, now: number): boolean =>
  status?.vm !== undefined || now - parseTime(metadata.creationTimestamp) >= LONGEST_MS;

const wasBusy = ({ sessions, vms, now }: PoolObserved): boolean => {
  // Of a clock that was set back nobody is to wait until it has caught up.
  const isRecent = (time: string): boolean => Math.abs(now - parseTime(time)) < HALT_MS;
  return vms.some(({ metadata }) => isRecent(metadata.creationTimestamp)) || sessions.some((session) => isRecent(placedAt(session)));
};

const placedAt = ({ status }: Session): string => {
  const placed = findCondition(status?.conditions, 'Placed');
  return placed?.status === 'True' ? placed.lastTransitionTime : '';
};
