// All that a pending session's status says once its pool has said where it stands: what its own key would write next, so
// that one write does. Every write of a session goes to all who watch.
import type { Session, SessionStatus, VM } from '../../api/types.generated.ts';
import { startedOf } from './facts.ts';
import type { SessionObserved } from './model.ts';
import { statusOf } from './status.ts';
import { verdictOf } from './verdict.ts';

/** `status` is the pool's word; `vm` is where that places it. That a session has ended is for its own key to tell. */
export const pendingStatus = (session: Session, status: SessionStatus, now: number, vm?: VM): SessionStatus => {
  const placed: Session = { ...session, status };
  const observed: SessionObserved = {
    now,
    session: placed,
    outputDue: false,
    ...(vm ? { vm } : {}),
    // A launch is intended only where the VM can be reached.
    ...(startedOf(placed) === 'launching' ? { hostState: 'reachable' } : {}),
  };
  const { is } = verdictOf(observed);
  return is === 'waiting' || is === 'launching' ? statusOf(observed, []) : status;
};
