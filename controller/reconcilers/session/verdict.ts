// Where a session stands, worked out once for both decide and status. An end is only ever called one on evidence.
import { parseTime, timestamp } from '../../api/clock.ts';
import { findCondition } from '../../api/condition.ts';
import type { SessionStatus } from '../../api/types.generated.ts';
import type { RunExit, RunFacts } from '../../session/host.ts';
import { isFailed, isReady } from '../vm/facts.ts';
import { attemptOf, isFinished, startedOf, vmNameOf } from './facts.ts';
import type { SessionObserved, StopMode } from './model.ts';

export interface End {
  readonly phase: NonNullable<SessionStatus['phase']>;
  readonly reason: string;
  readonly message: string;
  readonly exitCode?: number;
  readonly endTime: string;
}

export type Verdict =
  | { readonly is: 'finished' }
  /** Nothing was launched: it waits for a place, or for its VM; once that is ready, for the intent to be recorded. */
  | { readonly is: 'waiting'; readonly mayLaunch: boolean }
  /** The intent to launch is recorded; the VM has not shown the run yet. */
  | { readonly is: 'launching' }
  /**
   * It was started, and is not in sight: its VM has not been looked at since a restart of ours, or our look is older
   * than the start. What was known stands until the VM has been asked.
   */
  | { readonly is: 'unseen' }
  | { readonly is: 'active'; readonly run: RunFacts }
  /** Its VM can not be asked: nobody knows. */
  | { readonly is: 'unreachable' }
  /** It ended; its log is not wholly copied yet. */
  | { readonly is: 'collecting'; readonly run: RunFacts }
  /** This attempt was lost, and another is allowed. */
  | { readonly is: 'retry'; readonly message: string }
  | { readonly is: 'ended'; readonly end: End };

/** What there is something to say about: of the others what was known stands. */
export type OpenVerdict = Exclude<Verdict, { readonly is: 'finished' | 'unseen' }>;

export const verdictOf = (observed: SessionObserved): Verdict => {
  const { session, run } = observed;
  if (isFinished(session)) return { is: 'finished' };
  const started = startedOf(session);
  if (started === 'no' || started === 'lost') return notStarted(observed);
  if (run?.exit) return run.copied.bytes >= run.logBytes ? endOf(observed, run.exit) : collecting(observed, run, run.exit);
  if (vmIsLost(observed)) return lost(observed, `VM ${vmNameOf(session)} was lost${whyLost(observed)}${bytesKept(observed)}`);
  if (observed.hostState === 'unreachable') return { is: 'unreachable' };
  if (run) return { is: 'active', run };
  return { is: started === 'launching' ? 'launching' : 'unseen' };
};

/** The deadline counts across attempts, so it may pass while another attempt waits for a place. */
const notStarted = (observed: SessionObserved): Verdict => {
  if (stopMode(observed)) return ended(killed(observed, 'stopped before it was started'));
  const due = deadlineOf(observed);
  if (due === undefined || observed.now < due) return { is: 'waiting', mayLaunch: mayLaunch(observed) };
  return ended(deadline(observed, { endTime: timestamp(observed.now) }));
};

/** Recorded before the launch, never after it: from then on this attempt is not launched on another VM. */
const mayLaunch = ({ session, vm, hostState }: SessionObserved): boolean =>
  startedOf(session) === 'no' && vm !== undefined && isReady(vm) && hostState === 'reachable';

/** What a user, a deletion, or the deletion of its pool asks for. Latched in status: taking it back has no effect. */
export const stopMode = ({ session, pool }: SessionObserved): StopMode | undefined => {
  const { spec, status, metadata } = session;
  const abrupt = pool?.metadata.deletionTimestamp !== undefined && pool.metadata.annotations?.['berth.dev/delete-now'] === 'true';
  if (spec.shutdown === 'Immediate' || status?.shutdown?.mode === 'Immediate' || abrupt) return 'Immediate';
  return spec.shutdown || status?.shutdown || metadata.deletionTimestamp ? 'Graceful' : undefined;
};

/** In milliseconds since the epoch; counted from the first start, across attempts. */
export const deadlineOf = ({ session }: SessionObserved): number | undefined => {
  const seconds = session.spec.activeDeadlineSeconds;
  const start = session.status?.startTime;
  return seconds === undefined || start === undefined ? undefined : parseTime(start) + seconds * 1000;
};

const vmIsLost = ({ vm }: SessionObserved): boolean => !vm || isFailed(vm);

/** What its VM says of itself, where it is there to say it. */
const whyLost = ({ vm }: SessionObserved): string => {
  const failed = findCondition(vm?.status?.conditions, 'Failed');
  return failed ? `, because ${failed.message}` : '';
};

/** Where the VM goes away before the rest could be copied: what there is, is what there will be. */
const collecting = (observed: SessionObserved, run: RunFacts, exit: RunExit): Verdict => {
  if (vmIsLost(observed)) return endOf(observed, exit, ` (its output is cut at byte ${run.copied.bytes})`);
  return observed.hostState === 'unreachable' ? { is: 'unreachable' } : { is: 'collecting', run };
};

const endOf = (observed: SessionObserved, exit: RunExit, suffix = ''): Verdict => {
  const { endTime, message } = exit;
  if (exit.cause === 'refused') return lost(observed, refused(observed), endTime);
  if (exit.cause === 'lost') return lost(observed, `${message ?? 'its supervisor on the VM was lost'}${suffix}`, endTime);
  const exitCode = exit.signal === undefined ? exit.code : 128 + exit.signal;
  const known = { endTime, ...(exitCode === undefined ? {} : { exitCode }) };
  const how = (exit.signal === undefined ? `it exited with code ${exit.code}` : `it was ended by signal ${exit.signal}`) + suffix;
  if (wasStopped(observed, endTime)) return ended({ phase: 'Killed', reason: 'Killed', message: how, ...known });
  switch (exit.cause) {
    case 'deadline':
      return ended(deadline(observed, known));
    case 'source':
      return ended({ phase: 'Failed', reason: 'SourceFailed', message: message ?? 'its source could not be fetched', ...known });
    case 'launch':
      return ended({ phase: 'Failed', reason: 'LaunchFailed', message: message ?? 'it could not be started', ...known });
    case 'exited':
      if (exitCode === 0) return ended({ phase: 'Completed', reason: 'Completed', message: how, ...known });
      return ended({ phase: 'Failed', reason: 'AgentFailed', message: message ? `${how}: ${message}` : how, ...known });
  }
};

/**
 * A stop that the VM had taken over came before the end, whatever the clocks say, and whether or not it was taken back since.
 * One that did not get there in time came before it by the clocks, where we had put it down already: an end that we see
 * together with the request is the older one.
 */
const wasStopped = (observed: SessionObserved, endTime: string): boolean => {
  if (observed.run?.stopping !== undefined) return true;
  const requested = observed.session.status?.shutdown?.requestedTime;
  return stopMode(observed) !== undefined && requested !== undefined && parseTime(requested) <= parseTime(endTime);
};

/** Asked for it, the VM has put down that it knew of no start, and will know of none. */
const refused = ({ session }: SessionObserved): string =>
  startedOf(session) === 'yes' ? `VM ${vmNameOf(session)} has no trace of it any more` : `it was not started on VM ${vmNameOf(session)}`;

const deadline = ({ session }: SessionObserved, known: Pick<End, 'endTime' | 'exitCode'>): End => ({
  phase: 'Failed',
  reason: 'DeadlineExceeded',
  message: `it ran longer than activeDeadlineSeconds (${session.spec.activeDeadlineSeconds})`,
  ...known,
});

/** Only an infrastructure loss is tried again, never the agent's own failure. */
const lost = (observed: SessionObserved, message: string, endTime = timestamp(observed.now)): Verdict => {
  const { session, now } = observed;
  const attempt = attemptOf(session);
  if (stopMode(observed)) return ended({ ...killed(observed, message), endTime });
  const due = deadlineOf(observed);
  const retries = session.spec.retryLimit ?? 0;
  if (attempt <= retries && (due === undefined || now < due))
    return { is: 'retry', message: `${message}: attempt ${attempt + 1} of ${retries + 1} follows` };
  return ended({ phase: 'Failed', reason: 'VMLost', message, endTime });
};

const killed = ({ now }: SessionObserved, message: string): End => ({
  phase: 'Killed',
  reason: 'Killed',
  message,
  endTime: timestamp(now),
});

const ended = (end: End): Verdict => ({ is: 'ended', end });

const bytesKept = ({ run, log }: SessionObserved): string => {
  const bytes = run?.copied.bytes ?? log?.bytes;
  return bytes === undefined ? '' : ` (its output is kept up to byte ${bytes})`;
};
