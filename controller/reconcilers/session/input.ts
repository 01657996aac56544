// What of a session's input is to be typed. Each is typed at most once over all attempts (SPEC 2.1): which one is next is
// recorded with its attempt before the VM is told, the VM types it once an attempt, and a later attempt leaves it out.
import type { Session, SessionStatus } from '../../api/types.generated.ts';
import type { RunFacts } from '../../session/host.ts';
import { attemptOf } from './facts.ts';
import type { SessionObserved } from './model.ts';
import { stopMode } from './verdict.ts';

type Input = NonNullable<Session['spec']['input']>[number];

/** The one that is recorded, and that the VM has not shown as typed. */
export const inputToType = (observed: SessionObserved): Input | undefined => {
  const typing = underWay(observed);
  return typing && observed.session.spec.input?.find(({ id }) => id === typing.id);
};

/** One at a time, in list order: the next is recorded only once the VM has told that the one before it was typed. */
export const inputStatus = (observed: SessionObserved): Pick<SessionStatus, 'input'> => {
  const deliveredIDs = delivered(observed);
  const attempt = attemptOf(observed.session);
  const next = mayType(observed) ? observed.session.spec.input?.find(({ id }) => !deliveredIDs.includes(id)) : undefined;
  const typing = underWay(observed) ?? (next && { id: next.id, attempt });
  return deliveredIDs.length === 0 && !typing ? {} : { input: { deliveredIDs, ...(typing ? { typing } : {}) } };
};

/** While its attempt may still take it, and the user has not taken it back. */
const underWay = ({ session, run }: SessionObserved): NonNullable<SessionStatus['input']>['typing'] => {
  const typing = session.status?.input?.typing;
  const isOpen =
    typing?.attempt === attemptOf(session) &&
    run?.state !== 'ended' &&
    !run?.deliveredIDs.includes(typing.id) &&
    session.spec.input?.some(({ id }) => id === typing.id);
  return isOpen ? typing : undefined;
};

/** With one of an earlier attempt that nobody can tell any more whether it was typed. */
const delivered = (observed: SessionObserved): string[] => {
  const { session, run } = observed;
  const { deliveredIDs = [], typing } = session.status?.input ?? {};
  const isKnown = typing === undefined || underWay(observed) !== undefined || isTold(run, typing.attempt, session);
  return [...new Set([...deliveredIDs, ...(isKnown ? [] : [typing.id]), ...(run?.deliveredIDs ?? [])])];
};

/** The VM's own last word on that attempt lists all that was typed; one that has lost the run's trace can not tell. */
const isTold = (run: RunFacts | undefined, attempt: number, session: Session): boolean =>
  run?.state === 'ended' && run.startTime !== undefined && attempt === attemptOf(session);

const mayType = (observed: SessionObserved): boolean => {
  const { hostState, run } = observed;
  return hostState === 'reachable' && run?.state === 'running' && !run.stopping && !stopMode(observed);
};
