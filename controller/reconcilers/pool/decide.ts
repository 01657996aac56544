// What a pool does next: one decision for all its sessions and VMs.
import { parseTime } from '../../api/clock.ts';
import { findCondition } from '../../api/condition.ts';
import { isAbandoned, isHeld } from '../../api/object.ts';
import type { Decision } from '../../api/reconciler.ts';
import type { Session, VMPool } from '../../api/types.generated.ts';
import { attemptOf, startedOf } from '../session/facts.ts';
import { type Classified, classify } from './classify.ts';
import { type Growth, grow } from './growth.ts';
import type { PoolAction, PoolObserved, Wait } from './model.ts';
import { offeringRows } from './offerings.ts';
import { HALT_MS, poolAwaitedUntil, worthTelling } from './patience.ts';
import { type Placement, place } from './placement.ts';
import { retire } from './retirement.ts';

/** Missing secrets and a refused provider are looked at again this often: nothing tells us when they are mended. */
const RECHECK_MS = 10_000;
/** Counters that were not due yet are brought up to date this much later. */
const COUNTERS_MS = 5_000;

export const decide = (observed: PoolObserved): Decision<PoolAction> => {
  const { pool } = observed;
  const classified = classify(observed);
  if (!pool) {
    const wait: Wait = {
      reason: 'PoolNotFound',
      message: `there is no VMPool ${observed.key.name} in namespace ${observed.key.namespace}: create it, or name another in spec.poolRef`,
    };
    const told = classified.pending.filter((pending) => poolAwaitedUntil(pending, observed) === undefined);
    const times = classified.pending.flatMap((pending) => poolAwaitedUntil(pending, observed) ?? []);
    return {
      actions: explain(new Map(told.map(({ session }) => [session, wait]))),
      ...(times.length > 0 && { recheckAt: Math.min(...times) }),
    };
  }
  const blocked = new Map<Session, Wait>();
  const placeable = classified.pending.filter(({ session }) => {
    const wait = blockedBecause(observed, pool, session);
    if (wait) blocked.set(session, wait);
    return !wait;
  });
  const placement = place(placeable, classified.vms, observed.now);
  const growth = mayGrow(observed, pool)
    ? grow({ pool, observed, vms: classified.vms, unplaced: placement.unplaced, fleet: placement.fleet })
    : NO_GROWTH;
  const chosen = new Map<string, number>();
  for (const { vm } of placement.placed) chosen.set(vm.metadata.name, (chosen.get(vm.metadata.name) ?? 0) + 1);
  const retired = retire(pool, classified.vms, chosen, observed.now);
  const waits = new Map([...blocked, ...growth.waits]);
  const told = worthTelling(waits, observed, placement.placed.length + growth.newVMs.length > 0);
  const actions: PoolAction[] = [
    ...ownership(pool, classified),
    ...placements(placement, observed),
    ...creations(observed, pool, growth),
    ...retired.leaving.map(({ vm, because }): PoolAction => ({ do: 'drainVM', vm, because })),
    ...explain(told),
  ];
  return { actions, ...recheck(observed, waits, [retired.recheckAt, told.size < waits.size ? observed.now + HALT_MS : undefined]) };
};

const NO_GROWTH: Growth = { newVMs: [], waits: new Map() };

/** What keeps a session from being placed at all, whatever is free; the most general reason first. */
const blockedBecause = (observed: PoolObserved, pool: VMPool, session: Session): Wait | undefined => {
  if (pool.metadata.deletionTimestamp) return { reason: 'PoolDeleting', message: `pool ${pool.metadata.name} is being deleted` };
  if (pool.spec.paused) return { reason: 'PoolPaused', message: `pool ${pool.metadata.name} is paused: set spec.paused to false to go on` };
  if (!observed.logStoreHasSpace) return { reason: 'LogStoreFull', message: 'the log store is full: free space on its disk' };
  const secret = observed.missingSecrets.get(session.metadata.uid);
  if (secret !== undefined) return { reason: 'SecretNotFound', message: secret };
  return observed.providerProblem === undefined ? undefined : { reason: 'ProviderNotReady', message: observed.providerProblem };
};

const mayGrow = (observed: PoolObserved, pool: VMPool): boolean =>
  !pool.metadata.deletionTimestamp && !pool.spec.paused && observed.logStoreHasSpace && observed.providerProblem === undefined;

/** Held from before the first VM until the last is seen gone. */
const ownership = (pool: VMPool, { vms }: Classified): PoolAction[] => {
  const held = isHeld(pool);
  if (!held && !pool.metadata.deletionTimestamp) return [{ do: 'hold', because: 'VMs are made in its name' }];
  if (!held || !pool.metadata.deletionTimestamp) return [];
  if (isAbandoned(pool)) return [{ do: 'release', because: 'it is abandoned: its VMs are left as they are' }];
  return vms.length === 0 ? [{ do: 'release', because: 'its last VM is gone' }] : [];
};

const placements = ({ placed }: Placement, { reachable }: PoolObserved): PoolAction[] =>
  placed.map(({ session, vm, ready }) => ({
    do: 'placeSession',
    session,
    vm,
    attempt: attemptOf(session) + (startedOf(session) === 'lost' ? 1 : 0),
    launching: ready && reachable.has(vm.metadata.uid),
    because: `it fits best on ${vm.metadata.name}`,
  }));

/** Only once the pool is held, so that a pool deleted at this very moment still knows of its VMs. */
const creations = (observed: PoolObserved, pool: VMPool, { newVMs }: Growth): PoolAction[] =>
  isHeld(pool)
    ? newVMs.flatMap(({ vm, because }, index): PoolAction[] => {
        const name = observed.freeNames[index];
        return name === undefined ? [] : [{ do: 'createVM', name, vm, because }];
      })
    : [];

/** Only where it is news: an unchanged reason is not written again. */
const explain = (waits: ReadonlyMap<Session, Wait>): PoolAction[] =>
  [...waits]
    .filter(([session, wait]) => {
      const known = findCondition(session.status?.conditions, 'Placed');
      return (
        known?.status !== 'False' || known.reason !== wait.reason || known.message !== wait.message || session.status?.vm !== undefined
      );
    })
    .map(([session, wait]) => ({ do: 'explainWait', session, wait, because: wait.message }));

const recheck = (
  observed: PoolObserved,
  waits: ReadonlyMap<Session, Wait>,
  due: readonly (number | undefined)[],
): { recheckAt?: number } => {
  const polled = [...waits].filter(
    ([, { reason }]) => reason === 'SecretNotFound' || reason === 'ProviderNotReady' || reason === 'LogStoreFull',
  );
  const refused = [...waits.values()].some(({ reason }) => reason === 'QuotaExceeded');
  const unpriced = observed.pool?.spec.budget !== undefined && observed.offerings.some(({ hourlyUSD }) => hourlyUSD === undefined);
  const newest = Math.max(...polled.map(([session]) => parseTime(session.metadata.creationTimestamp)));
  const times = [
    ...due.filter((time) => time !== undefined),
    // Who has just come is about to mend it; what has waited for long can wait a moment longer.
    ...(polled.length > 0 ? [observed.now + Math.min(6 * RECHECK_MS, Math.max(RECHECK_MS, (observed.now - newest) / 8))] : []),
    // Its provider finds out in its own time, and tells nobody.
    ...(refused || unpriced ? [observed.now + 3 * RECHECK_MS] : []),
    ...(observed.countersDue ? [] : [observed.now + COUNTERS_MS]),
    // Also where no session waits for it: minVMs, warm and primed slots are made anew as well.
    ...offeringRows(observed).flatMap((row) => lookAgain(row, observed.now)),
  ].filter((time) => time > observed.now);
  return times.length === 0 ? {} : { recheckAt: Math.min(...times) };
};

/** A provider that is to be tried now may have to find out first: it does so in its own time, and tells nobody. */
const lookAgain = ({ available, retryTime }: ReturnType<typeof offeringRows>[number], now: number): readonly number[] => {
  if (retryTime === undefined) return [];
  const time = parseTime(retryTime);
  return time > now || available ? [time] : [now + 3 * RECHECK_MS];
};
