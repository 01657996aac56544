// A session's conditions, as kstatus and `kubectl wait` read them.
import { timestamp } from '../../api/clock.ts';
import { type Condition, type ConditionUpdate, findCondition, setConditions } from '../../api/condition.ts';
import type { SessionStatus } from '../../api/types.generated.ts';
import { attemptOf, startedOf } from './facts.ts';
import type { SessionObserved } from './model.ts';
import type { OpenVerdict } from './verdict.ts';

export const sessionConditions = (observed: SessionObserved, verdict: OpenVerdict, next: SessionStatus): readonly Condition[] => {
  const { session, now } = observed;
  const summary = ready(verdict, next);
  const pending = summary.status === 'False' && next.phase === 'Pending';
  const failed = next.phase === 'Failed';
  const updates = [
    placed(observed),
    started(observed, verdict),
    finished(verdict),
    waiting(verdict, next),
    summary,
    pending ? { ...summary, type: 'Reconciling', status: 'True' as const } : undefined,
    failed ? { ...summary, type: 'Stalled', status: 'True' as const } : undefined,
  ];
  return setConditions(
    session.status?.conditions,
    updates.filter((update) => update !== undefined),
    { time: timestamp(now), generation: session.metadata.generation },
    [...(pending ? [] : ['Reconciling']), ...(failed ? [] : ['Stalled'])],
  );
};

/** The pool's to change; ours only to exist from the first visit on. */
const placed = ({ session }: SessionObserved): ConditionUpdate | undefined =>
  findCondition(session.status?.conditions, 'Placed')
    ? undefined
    : { type: 'Placed', status: 'Unknown', reason: 'Waiting', message: 'a place is being looked for' };

const started = (observed: SessionObserved, verdict: OpenVerdict): ConditionUpdate | undefined => {
  const known = startedOf(observed.session);
  const attempt = attemptOf(observed.session);
  if (verdict.is === 'retry') return { type: 'Started', status: 'False', reason: 'VMLost', message: verdict.message };
  if (verdict.is === 'waiting' && verdict.mayLaunch)
    return { type: 'Started', status: 'Unknown', reason: 'Launching', message: 'it is being launched' };
  if (observed.run?.startTime !== undefined && (known === 'launching' || known === 'yes'))
    return { type: 'Started', status: 'True', reason: 'Started', message: `attempt ${attempt} was started` };
  // A launch that was intended and can not happen any more did not happen.
  if (verdict.is === 'ended' && known === 'launching')
    return { type: 'Started', status: 'False', reason: verdict.end.reason, message: verdict.end.message };
  return findCondition(observed.session.status?.conditions, 'Started')
    ? undefined
    : { type: 'Started', status: 'False', reason: 'Waiting', message: 'it waits for a place' };
};

const finished = (verdict: OpenVerdict): ConditionUpdate =>
  verdict.is === 'ended'
    ? { type: 'Finished', status: 'True', reason: verdict.end.reason, message: verdict.end.message }
    : { type: 'Finished', status: 'False', reason: 'NotFinished', message: 'it has not ended' };

const waiting = (verdict: OpenVerdict, next: SessionStatus): ConditionUpdate =>
  verdict.is === 'active' && next.waiting
    ? {
        type: 'WaitingForInput',
        status: 'True',
        reason: 'Waiting',
        message: next.waiting.question ?? 'it waits for input: answer with "berth send"',
      }
    : { type: 'WaitingForInput', status: 'False', reason: 'NotWaiting', message: 'it does not wait for input' };

const ready = (verdict: OpenVerdict, next: SessionStatus): ConditionUpdate => {
  const { reason = 'Pending', message = '' } = next;
  switch (verdict.is) {
    case 'unreachable':
      return { type: 'Ready', status: 'Unknown', reason, message };
    case 'ended':
      return { type: 'Ready', status: next.phase === 'Failed' ? 'False' : 'True', reason, message };
    default:
      return { type: 'Ready', status: next.phase === 'Running' ? 'True' : 'False', reason, message };
  }
};
