// A session's conditions, as kstatus and `kubectl wait` read them.
import { timestamp } from '../../api/clock.ts';
import { type Condition, type ConditionUpdate, findCondition, setConditions } from '../../api/condition.ts';
import type { SessionStatus } from '../../api/types.generated.ts';
import { startedOf } from './facts.ts';
import type { SessionObserved } from './model.ts';
import { mayLaunch, type Verdict } from './verdict.ts';

export const sessionConditions = (observed: SessionObserved, verdict: Verdict, next: SessionStatus): readonly Condition[] => {
  const { session, now } = observed;
  if (verdict.is === 'unseen') return session.status?.conditions ?? [];
  const updates = [placed(observed), started(observed, verdict), finished(verdict, next), waiting(verdict, next), ready(verdict, next)];
  const settled = updates.filter((update) => update !== undefined);
  if (verdict.is === 'finished')
    return setConditions(session.status?.conditions, settled, { time: timestamp(now), generation: session.metadata.generation });
  const extra = settled.find(({ type }) => type === 'Ready');
  const pending = extra && extra.status === 'False' && next.phase === 'Pending';
  const failed = extra && next.phase === 'Failed';
  return setConditions(
    session.status?.conditions,
    [
      ...settled,
      ...(pending ? [{ ...extra, type: 'Reconciling', status: 'True' as const }] : []),
      ...(failed ? [{ ...extra, type: 'Stalled', status: 'True' as const }] : []),
    ],
    { time: timestamp(now), generation: session.metadata.generation },
    [...(pending ? [] : ['Reconciling']), ...(failed ? [] : ['Stalled'])],
  );
};

/** The pool's to change; ours only to exist from the first visit on. */
const placed = ({ session }: SessionObserved): ConditionUpdate | undefined =>
  findCondition(session.status?.conditions, 'Placed')
    ? undefined
    : { type: 'Placed', status: 'Unknown', reason: 'Waiting', message: 'a place is being looked for' };

const started = (observed: SessionObserved, verdict: Verdict): ConditionUpdate | undefined => {
  const run = verdict.is === 'active' || verdict.is === 'collecting' ? verdict.run : observed.run;
  const yes: ConditionUpdate = {
    type: 'Started',
    status: 'True',
    reason: 'Started',
    message: `attempt ${observed.session.status?.attempt ?? 1} was started`,
  };
  if (verdict.is === 'retry') return { type: 'Started', status: 'False', reason: 'VMLost', message: verdict.message };
  if (run?.startTime !== undefined && verdict.is !== 'waiting' && verdict.is !== 'finished') return yes;
  if (mayLaunch(observed) && verdict.is === 'waiting')
    return { type: 'Started', status: 'Unknown', reason: 'Launching', message: 'it is being launched' };
  // A launch that was intended and can not happen any more did not happen.
  if (verdict.is === 'ended' && startedOf(observed.session) === 'launching') {
    return { type: 'Started', status: 'False', reason: verdict.end.reason, message: verdict.end.message };
  }
  return findCondition(observed.session.status?.conditions, 'Started')
    ? undefined
    : { type: 'Started', status: 'False', reason: 'Waiting', message: 'it waits for a place' };
};

const finished = (verdict: Verdict, next: SessionStatus): ConditionUpdate | undefined => {
  if (verdict.is === 'finished') return undefined;
  if (verdict.is !== 'ended') return { type: 'Finished', status: 'False', reason: 'NotFinished', message: 'it has not ended' };
  return { type: 'Finished', status: 'True', reason: verdict.end.reason, message: next.message ?? '' };
};

const waiting = (verdict: Verdict, next: SessionStatus): ConditionUpdate | undefined => {
  if (verdict.is === 'finished') return undefined;
  return verdict.is === 'active' && next.waiting
    ? {
        type: 'WaitingForInput',
        status: 'True',
        reason: 'Waiting',
        message: next.waiting.question ?? 'it waits for input: answer with "berth send"',
      }
    : { type: 'WaitingForInput', status: 'False', reason: 'NotWaiting', message: 'it does not wait for input' };
};

const ready = (verdict: Verdict, next: SessionStatus): ConditionUpdate | undefined => {
  const message = next.message ?? '';
  switch (verdict.is) {
    case 'finished':
      return undefined;
    case 'unreachable':
      return { type: 'Ready', status: 'Unknown', reason: 'VMUnreachable', message };
    case 'ended':
      return { type: 'Ready', status: next.phase === 'Failed' ? 'False' : 'True', reason: verdict.end.reason, message };
    default:
      return next.phase === 'Running'
        ? { type: 'Ready', status: 'True', reason: 'Running', message }
        : { type: 'Ready', status: 'False', reason: next.reason ?? 'Pending', message };
  }
};
