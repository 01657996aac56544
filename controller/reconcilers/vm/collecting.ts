// A machine that was deallocated with output on it that nobody has copied: it is started once, for that alone (SPEC 6). The
// intent is recorded before it is started, and asked for again only until it was seen to start.
import { parseTime } from '../../api/clock.ts';
import { type ConditionUpdate, findCondition } from '../../api/condition.ts';
import { errorCode, errorMessage } from '../../api/error.ts';
import type { Outcome } from '../../api/reconciler.ts';
import { poolSettings } from '../../api/settings.ts';
import { startedOf } from '../session/facts.ts';
import type { VMAction, VMObserved } from './model.ts';
import type { VMState } from './state.ts';

/** As it was recorded. */
export const collectionOf = ({ vm }: VMObserved) => findCondition(vm.status?.conditions, 'CollectingOutput');

/** It was not started before, and some session on it may have written what is not here. */
export const mayStart = (observed: VMObserved): boolean =>
  observed.machine?.state === 'deallocated' &&
  (collectionOf(observed)?.status ?? 'Unknown') === 'Unknown' &&
  observed.sessions.some((session) => startedOf(session) === 'yes' || startedOf(session) === 'launching');

/** Written down by an earlier pass. */
export const isStartIntended = (observed: VMObserved): boolean => collectionOf(observed) !== undefined && mayStart(observed);

/** The reason is that for which its machine was deallocated. What may be up has not ended before it is seen gone. */
export const collectingState = (observed: VMObserved, { reason, message }: Reason): VMState => {
  if (observed.now < collectingDeadline(observed)) return { is: 'collecting', reason, message };
  const seconds = poolSettings(observed.pool?.spec).bootTimeoutSeconds;
  const because = `${message}; started for its output, it was not reached within ${seconds} s`;
  return isOff(observed) ? { is: 'failed', reason, message: because } : { is: 'fencing', reason: 'Fenced', message: because };
};

/** None while it is reached, or was not looked at yet. One that was reached and is lost again has as long as one that boots. */
export const collectingDeadline = (observed: VMObserved): number =>
  isOff(observed) || observed.host?.state === 'unreachable'
    ? collectingSince(observed) + poolSettings(observed.pool?.spec).bootTimeoutSeconds * 1000
    : Number.POSITIVE_INFINITY;

export const collectingSince = (observed: VMObserved): number => {
  const begun = collectionOf(observed);
  return Math.max(begun ? parseTime(begun.lastTransitionTime) : observed.now, observed.host?.since ?? 0);
};

/** Also while it starts: whatever a host tells was seen before. */
const isOff = ({ machine }: VMObserved): boolean => machine?.state === 'deallocated' || machine?.state === 'creating';

/** Unknown until it was seen to start, False where it is not to be had. */
export const collectingCondition = (
  observed: VMObserved,
  { reason, message }: Reason,
  outcomes: readonly Outcome<VMAction>[],
): ConditionUpdate => {
  const refused = outcomes.find(({ action, error }) => action.do === 'startMachine' && error !== undefined && errorCode(error) === 'quota');
  if (refused) return { type: 'CollectingOutput', status: 'False', reason, message: `${message}; ${errorMessage(refused.error)}` };
  const started = observed.machine && observed.machine.state !== 'deallocated' ? 'True' : (collectionOf(observed)?.status ?? 'Unknown');
  return { type: 'CollectingOutput', status: started, reason, message };
};

interface Reason {
  readonly reason: string;
  readonly message: string;
}
