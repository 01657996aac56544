// What a pool shows of itself: counts, cost, offerings and conditions.
import { timestamp } from '../../api/clock.ts';
import { type ConditionUpdate, findCondition, setConditions } from '../../api/condition.ts';
import { errorCode, errorMessage } from '../../api/error.ts';
import { formatMoney, parseMoney } from '../../api/money.ts';
import type { Decision, Outcome } from '../../api/reconciler.ts';
import type { VM, VMPool, VMPoolStatus } from '../../api/types.generated.ts';
import { startedOf } from '../session/facts.ts';
import { classify, type VMState } from './classify.ts';
import type { PoolAction, PoolObserved } from './model.ts';
import { offeringRows } from './offerings.ts';

type Counters = Pick<VMPoolStatus, 'vms' | 'readyVMs' | 'slots' | 'sessions' | 'hourlyUSD' | 'idleUSD'>;

export const status = (
  observed: PoolObserved,
  decision: Decision<PoolAction>,
  outcomes: readonly Outcome<PoolAction>[],
): { object: VMPool; status: VMPoolStatus } | undefined => {
  const { pool } = observed;
  // A pool whose last finalizer this pass takes off is gone: there is nothing left to write to.
  if (!pool || decision.actions.some((action) => action.do === 'release')) return undefined;
  const { vms } = classify(observed);
  const before = pool.status ?? {};
  const fresh = observed.countersDue || before.vms === undefined;
  return {
    object: pool,
    status: {
      ...before,
      ...(fresh ? counters(observed, vms) : {}),
      observedGeneration: pool.metadata.generation,
      selector: `berth.dev/pool=${pool.metadata.name}`,
      // What is refused stays so while nobody can be asked: also after a restart.
      offerings: observed.providerProblem === undefined ? offeringRows(observed) : (before.offerings ?? []),
      conditions: conditions(observed, pool, decision, outcomes),
    },
  };
};

const counters = ({ sessions }: PoolObserved, vms: readonly VMState[]): Counters => {
  const open = vms.filter(({ bucket }) => bucket === 'ready' || bucket === 'booting' || bucket === 'closed');
  const total = open.reduce((sum, { slots }) => sum + slots, 0);
  const used = open.reduce((sum, state) => sum + state.sessions.length, 0);
  // Only what a session could be placed on: not the rest of a cordoned VM, or of one that is too old.
  const free = vms.reduce((sum, state) => sum + (state.bucket === 'ready' || state.bucket === 'booting' ? freeSlots(state) : 0), 0);
  const running = sessions.filter((session) => startedOf(session) === 'yes').length;
  return {
    vms: vms.length,
    readyVMs: vms.filter(({ vm }) => vm.status?.phase === 'Ready').length,
    slots: { total, used, free },
    sessions: { pending: sessions.length - running, running },
    hourlyUSD: formatMoney(vms.reduce((sum, { vm }) => sum + priceOf(vm), 0)),
    idleUSD: formatMoney(vms.reduce((sum, state) => sum + (priceOf(state.vm) * freeSlots(state)) / state.slots, 0)),
  };
};

const freeSlots = ({ slots, sessions }: VMState): number => Math.max(0, slots - sessions.length);

const priceOf = (vm: VM): number => parseMoney(vm.status?.hourlyUSD ?? '0');

const conditions = (
  observed: PoolObserved,
  pool: VMPool,
  decision: Decision<PoolAction>,
  outcomes: readonly Outcome<PoolAction>[],
): VMPoolStatus['conditions'] & {} => {
  const waits = decision.actions.flatMap((action) => (action.do === 'explainWait' ? [action.wait] : []));
  const waiting = (...reasons: string[]) => waits.find(({ reason }) => reasons.includes(reason)) ?? stillWaiting(observed, reasons);
  const quota = waiting('QuotaExceeded');
  const budget = waiting('BudgetExceeded', 'PriceUnknown');
  const updates: ConditionUpdate[] = [
    ready(observed, pool, outcomes),
    observed.providerProblem === undefined
      ? { type: 'ProviderReady', status: 'True', reason: 'Ready', message: 'the provider answers' }
      : { type: 'ProviderReady', status: 'False', reason: 'ProviderNotReady', message: observed.providerProblem },
    ...(observed.providerConditions ?? []),
    ...(quota ? [{ type: 'QuotaBlocked', status: 'True' as const, ...quota }] : []),
    ...(budget ? [{ type: 'BudgetBlocked', status: 'True' as const, ...budget }] : []),
    ...(observed.logStoreHasSpace
      ? []
      : [
          {
            type: 'LogStoreFull',
            status: 'True' as const,
            reason: 'LogStoreFull',
            message: 'nothing is placed until its disk has room again',
          },
        ]),
  ];
  const present = new Set(updates.map(({ type }) => type));
  const absent = ['QuotaBlocked', 'BudgetBlocked', 'LogStoreFull', 'Reconciling', 'Stalled'].filter((type) => !present.has(type));
  return setConditions(pool.status?.conditions, updates, { time: timestamp(observed.now), generation: pool.metadata.generation }, absent);
};

/** A reason that was explained in an earlier pass and still holds is not decided again. */
const stillWaiting = ({ sessions }: PoolObserved, reasons: readonly string[]) => {
  for (const session of sessions) {
    const placed = findCondition(session.status?.conditions, 'Placed');
    if (placed?.status === 'False' && reasons.includes(placed.reason)) return { reason: placed.reason, message: placed.message };
  }
  return undefined;
};

const ready = ({ providerProblem }: PoolObserved, pool: VMPool, outcomes: readonly Outcome<PoolAction>[]): ConditionUpdate => {
  // A conflict is not a failure: the pass is simply made again.
  const failed = outcomes.find(({ error }) => error !== undefined && errorCode(error) !== 'conflict');
  if (pool.metadata.deletionTimestamp) {
    return { type: 'Ready', status: 'False', reason: 'Deleting', message: 'waits for its sessions to end and its VMs to go' };
  }
  if (providerProblem !== undefined) return { type: 'Ready', status: 'False', reason: 'ProviderNotReady', message: providerProblem };
  if (failed)
    return { type: 'Ready', status: 'False', reason: 'ActionFailed', message: `${failed.action.do}: ${errorMessage(failed.error)}` };
  if (pool.spec.paused) return { type: 'Ready', status: 'True', reason: 'Paused', message: 'nothing is placed and no VM is made' };
  return { type: 'Ready', status: 'True', reason: 'Reconciled', message: 'the pool is as it should be' };
};
