// What a session shows of itself. Placement (vm, attempt, Placed) is the pool's and passes through untouched.
import { parseTime, timestamp } from '../../api/clock.ts';
import { formatMoney, parseMoney } from '../../api/money.ts';
import type { Decision, Outcome } from '../../api/reconciler.ts';
import type { Session, SessionStatus } from '../../api/types.generated.ts';
import type { LogSummary } from '../../output/log-store.ts';
import { launchOf } from '../../session/agents.ts';
import { sessionConditions } from './conditions.ts';
import type { SessionAction, SessionObserved } from './model.ts';
import { summaryOf } from './summary.ts';
import { type End, stopMode, type Verdict, verdictOf } from './verdict.ts';
import { waitOf } from './wait.ts';

export const status = (
  observed: SessionObserved,
  decision: Decision<SessionAction>,
  outcomes: readonly Outcome<SessionAction>[],
): { object: Session; status: SessionStatus } | undefined => {
  const { session } = observed;
  if (decision.actions.some((action) => action.do === 'release' || action.do === 'expire')) return undefined;
  const verdict = verdictOf(observed);
  const before = session.status ?? {};
  const { reason: _reason, message: _message, waiting: _waiting, ...kept } = before;
  const next: SessionStatus =
    verdict.is === 'finished' || verdict.is === 'unseen'
      ? before
      : {
          ...kept,
          ...explanation(observed, verdict, outcomes),
          phase: phaseOf(before, verdict),
          summary: summaryOf(session.spec),
          ...(session.spec.command ? {} : { launch: launchOf(session.spec) }),
          ...startTime(before, verdict),
          ...shutdown(observed),
          ...runFields(observed, verdict),
          ...(verdict.is === 'ended' ? endFields(observed, verdict.end) : {}),
        };
  return {
    object: session,
    status: { ...next, observedGeneration: session.metadata.generation, conditions: sessionConditions(observed, verdict, next) },
  };
};

const phaseOf = (before: SessionStatus, verdict: Verdict): NonNullable<SessionStatus['phase']> => {
  switch (verdict.is) {
    case 'ended':
      return verdict.end.phase;
    case 'active':
      return verdict.run.state === 'preparing' ? 'Pending' : 'Running';
    case 'collecting':
      return 'Running';
    case 'unreachable':
      return before.phase === 'Running' ? 'Running' : 'Pending';
    case 'finished':
    case 'unseen':
      return before.phase ?? 'Pending';
    case 'waiting':
    case 'launching':
    case 'retry':
      return 'Pending';
  }
};

const explanation = (
  observed: SessionObserved,
  verdict: Verdict,
  outcomes: readonly Outcome<SessionAction>[],
): Pick<SessionStatus, 'reason' | 'message'> => {
  switch (verdict.is) {
    case 'ended':
      return { reason: verdict.end.reason, message: verdict.end.message };
    case 'retry':
      return { reason: 'VMLost', message: verdict.message };
    case 'unreachable':
      return { reason: 'VMUnreachable', message: observed.hostMessage ?? 'its VM does not answer; it may well go on there' };
    case 'active':
      return verdict.run.state === 'preparing'
        ? { reason: 'VMBooting', message: 'its source is being fetched on the VM' }
        : { reason: 'Running' };
    case 'collecting':
      return { reason: 'Running', message: 'it has ended; its output is being collected' };
    case 'waiting':
    case 'launching':
      return waitOf(observed, outcomes);
    case 'finished':
    case 'unseen':
      return {};
  }
};

/** The first start counts, across attempts. */
const startTime = (before: SessionStatus, verdict: Verdict): { startTime?: string } => {
  if (before.startTime !== undefined) return {};
  const run = verdict.is === 'active' || verdict.is === 'collecting' ? verdict.run : undefined;
  return run?.startTime === undefined ? {} : { startTime: run.startTime };
};

const shutdown = (observed: SessionObserved): Pick<SessionStatus, 'shutdown'> => {
  const mode = stopMode(observed);
  if (!mode) return {};
  return { shutdown: { mode, requestedTime: observed.session.status?.shutdown?.requestedTime ?? timestamp(observed.now) } };
};

const runFields = (observed: SessionObserved, verdict: Verdict): Partial<SessionStatus> => {
  const { run, session } = observed;
  const summary = run?.copied ?? (verdict.is === 'ended' || verdict.is === 'retry' ? observed.log : undefined);
  const delivered = new Set([...(session.status?.input?.deliveredIDs ?? []), ...(run?.deliveredIDs ?? [])]);
  const fresh = verdict.is === 'ended' || observed.outputDue;
  return {
    ...(delivered.size > 0 ? { input: { deliveredIDs: [...delivered] } } : {}),
    ...(verdict.is === 'active' && run?.waiting ? { waiting: run.waiting } : {}),
    ...(summary && fresh ? outputFields(summary, session.status, observed.now) : {}),
  };
};

const outputFields = (summary: LogSummary, before: SessionStatus | undefined, now: number): Pick<SessionStatus, 'output' | 'results'> => {
  const { bytes, lines, truncated, tail, pullRequestURL } = summary;
  const changed = before?.output?.bytes !== bytes || before.output.truncated !== truncated;
  const updatedTime = changed ? timestamp(now) : (before?.output?.updatedTime ?? timestamp(now));
  return {
    output: { bytes, lines, truncated, updatedTime, ...(tail === '' ? {} : { tail }) },
    ...(pullRequestURL === undefined ? {} : { results: { ...before?.results, pullRequestURL } }),
  };
};

const endFields = (observed: SessionObserved, end: End): Partial<SessionStatus> => {
  const startedAt = observed.session.status?.startTime ?? observed.run?.startTime;
  const cost = startedAt === undefined ? undefined : vmCost(observed, parseTime(startedAt), parseTime(end.endTime));
  return {
    completionTime: end.endTime,
    ...(startedAt === undefined ? {} : { startTime: startedAt }),
    ...(end.exitCode === undefined ? {} : { exitCode: end.exitCode }),
    ...(cost === undefined ? {} : { cost: { vmUSD: cost } }),
  };
};

/** Its share of the VM: one slot's part of the price for as long as it ran. Unknown price, unknown cost. */
const vmCost = ({ vm }: SessionObserved, from: number, to: number): string | undefined => {
  const price = vm?.status?.hourlyUSD;
  if (vm === undefined || price === undefined) return undefined;
  return formatMoney((parseMoney(price) / vm.spec.slots) * (Math.max(0, to - from) / 3600_000));
};
