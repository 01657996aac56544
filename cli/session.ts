// What a session's facts mean to people and scripts: its status word, its end, why it waits, its exit code.
import { findCondition, isTrue } from '../controller/api/condition.ts';
import type { Session } from '../controller/api/types.generated.ts';
import { EXIT } from './error.ts';

export const STATUSES = ['pending', 'running', 'completed', 'failed', 'killed'] as const;
export type Status = (typeof STATUSES)[number];

/** What a session's words are made of; a manifest that the store has not taken up yet has no status. */
type Spoken = Pick<Session, 'spec' | 'status'>;

export const statusOf = (session: Spoken): Status =>
  STATUSES.find((status) => status === session.status?.phase?.toLowerCase()) ?? 'pending';

export const isFinished = (session: Session): boolean => isTrue(session.status?.conditions, 'Finished');

export const isStarted = (session: Session): boolean => isTrue(session.status?.conditions, 'Started');

/** At some time, that is: it may have ended, or wait for another attempt. */
export const hasRun = (session: Session): boolean => isStarted(session) || session.status?.startTime !== undefined;

export const awaitsInput = (session: Session): boolean => isTrue(session.status?.conditions, 'WaitingForInput');

/** What a session was asked to do, in one string: its prompt, or the command that takes its place. */
export const promptOf = (session: Spoken): string => session.spec.prompt ?? session.spec.command?.join(' ') ?? '';

export const poolOf = (session: Session): string => session.spec.poolRef?.name ?? 'default';

export interface Reason {
  readonly reason: string;
  readonly message: string;
}

/** Why it has no place yet, or why it ended as it did; undefined where nothing is to be explained. */
export const reasonOf = (session: Session): Reason | undefined => {
  const { status } = session;
  // Running, Completed and Killed say no more than the status does.
  if (status?.reason && status.reason.toLowerCase() !== statusOf(session)) return { reason: status.reason, message: status.message ?? '' };
  if (statusOf(session) !== 'pending') return undefined;
  return [findCondition(status?.conditions, 'Placed'), findCondition(status?.conditions, 'Ready')].find(
    (condition) => condition !== undefined && condition.status !== 'True' && condition.reason !== 'Pending',
  );
};

/**
 * The time of the last look, for a session whose VM nobody reaches at the moment; `looked`: whether a controller runs that
 * has looked at every VM.
 */
export const lastSeen = (session: Session, looked: boolean): string | undefined => {
  const { status, metadata } = session;
  const ready = findCondition(status?.conditions, 'Ready');
  const isSeen = looked || status?.vm === undefined || isFinished(session);
  if (isSeen && ready?.status !== 'Unknown') return undefined;
  return status?.output?.updatedTime ?? ready?.lastTransitionTime ?? metadata.creationTimestamp;
};

const SIGTERM = 128 + 15;
const SIGKILL = 128 + 9;
const EXIT_OF_REASON: Readonly<Record<string, number>> = {
  DeadlineExceeded: EXIT.timeout,
  VMLost: EXIT.berth,
  LaunchFailed: EXIT.berth,
  SourceFailed: EXIT.berth,
};

/** The code `wait` and `output --follow` end with: the session's own, 128+n for a signal, or what stands for its end. */
export const exitCodeOf = (session: Session): number => {
  const { exitCode, reason, shutdown } = session.status ?? {};
  const status = statusOf(session);
  if (status === 'completed') return EXIT.ok;
  if (status === 'killed') return exitCode || (shutdown?.mode === 'Immediate' ? SIGKILL : SIGTERM);
  return (reason === undefined ? undefined : EXIT_OF_REASON[reason]) ?? (exitCode || EXIT.error);
};

/** Creation time, then name: how lists are sorted, and how the queue breaks ties. */
export const byCreation = (a: Session, b: Session): number =>
  compare(a.metadata.creationTimestamp, b.metadata.creationTimestamp) || compare(a.metadata.name, b.metadata.name);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
