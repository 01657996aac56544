// Since when a VM has had nothing to do, and from when on that is worth a write: in a pool that is busy, the next session
// comes before it.
import { parseTime, timestamp } from '../../api/clock.ts';
import { findCondition } from '../../api/condition.ts';
import { wasBooted } from './facts.ts';
import type { VMObserved } from './model.ts';
import type { VMState } from './state.ts';

export interface Idle {
  readonly since: string;
  /** As a time; what is recorded already is kept up to date at once. */
  readonly writeAt: number;
}

const SETTLE_MS = 5_000;

/** From the last session's end, or from when it was first reached. RFC 3339 in UTC sorts as text. */
export const idleOf = ({ vm, sessions, lastSessionEnd, now }: VMObserved, state: VMState): Idle | undefined => {
  if (sessions.length > 0 || !(wasBooted(vm) || state.is === 'ready')) return undefined;
  const known = vm.status?.idleSince;
  const reached = findCondition(vm.status?.conditions, 'Booted');
  const since = known ?? lastSessionEnd ?? (reached?.status === 'True' ? reached.lastTransitionTime : timestamp(now));
  const latest = lastSessionEnd !== undefined && lastSessionEnd > since ? lastSessionEnd : since;
  return { since: latest, writeAt: known === undefined ? parseTime(latest) + SETTLE_MS : 0 };
};
