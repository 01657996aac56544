// What happens next to a session.
import { parseTime } from '../../api/clock.ts';
import { isAbandoned, isHeld } from '../../api/object.ts';
import type { Decision } from '../../api/reconciler.ts';
import { isCollecting } from '../vm/facts.ts';
import { inputToType } from './input.ts';
import type { SessionAction, SessionObserved } from './model.ts';
import { deadlineOf, stopMode, type Verdict, verdictOf } from './verdict.ts';

/** The workspace of a failed session is kept for a look at it (SPEC 2.1). */
const KEEP_FAILED_MS = 24 * 3600_000;
/** The VM was told at the launch, when the start was not known to the second. */
const DEADLINE_TOLERANCE_SECONDS = 5;
/** How often new output of a running session is looked at for status, where the rate is used up. */
const OUTPUT_MS = 1_000;

export const decide = (observed: SessionObserved): Decision<SessionAction> => {
  const verdict = verdictOf(observed);
  const actions = isLeft(observed) ? abandon(observed) : actionsFor(observed, verdict);
  const times = wakeTimes(observed, verdict).filter((time) => time > observed.now);
  return times.length === 0 ? { actions } : { actions, recheckAt: Math.min(...times) };
};

const actionsFor = (observed: SessionObserved, verdict: Verdict): readonly SessionAction[] => {
  switch (verdict.is) {
    case 'finished':
      return finished(observed);
    case 'waiting':
      // Before it has a place nothing comes into being in its name, and the pool is about to write it.
      return observed.session.status?.vm ? hold(observed) : [];
    case 'launching':
      if (stopMode(observed)) return refuse(observed, 'it was stopped before it was started');
      if (observed.vm && isCollecting(observed.vm)) return refuse(observed, 'its VM was started for the output on it alone');
      // Placed on a ready VM before it was held: nothing may run in the name of what could vanish.
      if (!isHeld(observed.session)) return hold(observed);
      return observed.hostState === 'reachable' ? [{ do: 'launch', because: 'its VM is ready' }] : [];
    case 'unseen':
      return refuse(observed, 'it was started, and its VM shows no trace of it');
    case 'active':
      return active(observed, verdict.run);
    case 'unreachable':
    case 'collecting':
    case 'retry':
    case 'ended':
      return [];
  }
};

/**
 * Asks the VM itself: a run it knows is told and left as it is, one it has never heard of is put down as ended. A
 * launch may be under way, from us or from another controller, and what we saw last may be older than it.
 */
const refuse = ({ hostState }: SessionObserved, because: string): SessionAction[] =>
  hostState === 'reachable' ? [{ do: 'refuse', because }] : [];

const hold = ({ session }: SessionObserved): SessionAction[] =>
  isHeld(session) || session.metadata.deletionTimestamp ? [] : [{ do: 'hold', because: 'something will run in its name' }];

const active = (observed: SessionObserved, run: NonNullable<SessionObserved['run']>): SessionAction[] => {
  if (observed.hostState !== 'reachable') return [];
  const mode = stopMode(observed);
  const stopping = run.stopping;
  if (mode) return stopping === mode || stopping === 'Immediate' ? [] : [{ do: 'stop', mode, because: `shutdown ${mode} was requested` }];
  if (run.state !== 'running' || stopping) return [];
  return [...moveDeadline(observed, run.deadline), ...typeNext(observed)];
};

/** The VM keeps the deadline, whether or not we are there; it is told when the user has moved it. */
const moveDeadline = (observed: SessionObserved, kept: number | undefined): SessionAction[] => {
  if (observed.session.status?.startTime === undefined) return [];
  const due = deadlineOf(observed);
  const wanted = due === undefined ? undefined : Math.floor(due / 1000);
  const isKept = wanted === undefined || kept === undefined ? wanted === kept : Math.abs(wanted - kept) <= DEADLINE_TOLERANCE_SECONDS;
  return isKept ? [] : [{ do: 'setDeadline', deadline: wanted, because: 'activeDeadlineSeconds was changed' }];
};

const typeNext = (observed: SessionObserved): SessionAction[] => {
  const input = inputToType(observed);
  return input ? [{ do: 'type', input, because: `input ${input.id} was not typed yet` }] : [];
};

const finished = (observed: SessionObserved): SessionAction[] => {
  const { session, run, hostState, now } = observed;
  const deleting = session.metadata.deletionTimestamp !== undefined;
  const cleanable = run?.state === 'ended' && hostState === 'reachable';
  if (cleanable && (deleting || now >= cleanTime(observed))) return [{ do: 'clean', because: 'it has finished and its output is kept' }];
  if (deleting) return isHeld(session) ? [{ do: 'release', because: 'it has finished' }] : [];
  const expiry = expiryTime(observed);
  return expiry !== undefined && now >= expiry
    ? [{ do: 'expire', because: `it finished ${session.spec.ttlSecondsAfterFinished} s ago` }]
    : [];
};

const isLeft = ({ session }: SessionObserved): boolean => session.metadata.deletionTimestamp !== undefined && isAbandoned(session);

const abandon = ({ session }: SessionObserved): SessionAction[] =>
  isHeld(session) ? [{ do: 'release', because: 'it is abandoned: what runs is left as it is' }] : [];

const completion = ({ session, now }: SessionObserved): number => parseTime(session.status?.completionTime ?? '') || now;

const cleanTime = (observed: SessionObserved): number =>
  completion(observed) + (observed.session.status?.phase === 'Failed' ? KEEP_FAILED_MS : 0);

const expiryTime = (observed: SessionObserved): number | undefined => {
  const ttl = observed.session.spec.ttlSecondsAfterFinished;
  return ttl === undefined ? undefined : completion(observed) + ttl * 1000;
};

const wakeTimes = (observed: SessionObserved, verdict: Verdict): readonly number[] => {
  const { now, session, run } = observed;
  switch (verdict.is) {
    case 'finished':
      return [run ? cleanTime(observed) : undefined, expiryTime(observed)].filter((time) => time !== undefined);
    case 'active': {
      const unwritten = verdict.run.copied.bytes !== (session.status?.output?.bytes ?? 0) && !observed.outputDue;
      return unwritten ? [now + OUTPUT_MS] : [];
    }
    case 'launching':
      return [now + 5 * OUTPUT_MS];
    case 'unseen':
      return observed.hostState === 'reachable' ? [now + 5 * OUTPUT_MS] : [];
    case 'waiting':
      return [deadlineOf(observed), observed.awaitsPoolUntil].filter((time) => time !== undefined);
    default:
      return [];
  }
};
