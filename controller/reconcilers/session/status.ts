// What a session shows of itself. Placement (vm, attempt, Placed) is the pool's and passes through untouched.
import { parseTime, timestamp } from '../../api/clock.ts';
import { formatMoney, parseMoney } from '../../api/money.ts';
import type { Decision, Outcome } from '../../api/reconciler.ts';
import type { Session, SessionStatus } from '../../api/types.generated.ts';
import type { LogSummary } from '../../output/log-store.ts';
import { launchOf } from '../../session/agents.ts';
import { sessionConditions } from './conditions.ts';
import { startedOf } from './facts.ts';
import { inputStatus } from './input.ts';
import type { SessionAction, SessionObserved } from './model.ts';
import { summaryOf } from './summary.ts';
import { type End, type OpenVerdict, stopMode, verdictOf } from './verdict.ts';
import { waitOf } from './wait.ts';

export const status = (
  observed: SessionObserved,
  decision: Decision<SessionAction>,
  outcomes: readonly Outcome<SessionAction>[],
): { object: Session; status: SessionStatus } | undefined => {
  const { session } = observed;
  if (decision.actions.some((action) => action.do === 'release' || action.do === 'expire')) return undefined;
  if (observed.awaitsPoolUntil !== undefined && verdictOf(observed).is === 'waiting') return undefined;
  return { object: session, status: statusOf(observed, outcomes) };
};

export const statusOf = (observed: SessionObserved, outcomes: readonly Outcome<SessionAction>[]): SessionStatus => ({
  ...nextStatus(observed, outcomes),
  observedGeneration: observed.session.metadata.generation,
});

const nextStatus = (observed: SessionObserved, outcomes: readonly Outcome<SessionAction>[]): SessionStatus => {
  const { session } = observed;
  const verdict = verdictOf(observed);
  const before = session.status ?? {};
  if (verdict.is === 'finished') return before;
  // A request to stop is latched at first sight, also while its VM is still to be looked at.
  if (verdict.is === 'unseen') return { ...before, ...shutdown(observed) };
  const { reason: _reason, message: _message, waiting: _waiting, input: _input, ...kept } = before;
  const next: SessionStatus = {
    ...kept,
    ...explanation(observed, verdict, outcomes),
    phase: phaseOf(before, verdict),
    summary: summaryOf(session.spec),
    ...launch(observed, verdict),
    ...startTime(before, verdict),
    ...shutdown(observed),
    ...runFields(observed, verdict),
    ...(verdict.is === 'ended' ? endFields(observed, verdict.end) : {}),
  };
  return { ...next, conditions: sessionConditions(observed, verdict, next) };
};

const phaseOf = (before: SessionStatus, verdict: OpenVerdict): NonNullable<SessionStatus['phase']> => {
  switch (verdict.is) {
    case 'ended':
      return verdict.end.phase;
    case 'active':
      return verdict.run.state === 'preparing' ? 'Pending' : 'Running';
    case 'collecting':
      return 'Running';
    case 'unreachable':
      return before.phase === 'Running' ? 'Running' : 'Pending';
    case 'waiting':
    case 'launching':
    case 'retry':
      return 'Pending';
  }
};

const explanation = (
  observed: SessionObserved,
  verdict: OpenVerdict,
  outcomes: readonly Outcome<SessionAction>[],
): Pick<SessionStatus, 'reason' | 'message'> => {
  switch (verdict.is) {
    case 'ended':
      return { reason: verdict.end.reason, message: verdict.end.message };
    case 'retry':
      // It waits for its next VM; that the last one was lost is what its condition Started says.
      return { reason: 'VMBooting', message: verdict.message };
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
  }
};

/** Decided with the intent to launch: a controller with other defaults may take over before it. */
const launch = ({ session }: SessionObserved, verdict: OpenVerdict): Pick<SessionStatus, 'launch'> => {
  const started = startedOf(session);
  const isIntended = started === 'launching' || started === 'yes' || (verdict.is === 'waiting' && verdict.mayLaunch);
  return isIntended && !session.spec.command ? { launch: launchOf(session.spec) } : {};
};

/** The first start counts, across attempts. */
const startTime = (before: SessionStatus, verdict: OpenVerdict): { startTime?: string } => {
  if (before.startTime !== undefined) return {};
  const run = verdict.is === 'active' || verdict.is === 'collecting' ? verdict.run : undefined;
  return run?.startTime === undefined ? {} : { startTime: run.startTime };
};

const shutdown = (observed: SessionObserved): Pick<SessionStatus, 'shutdown'> => {
  const mode = stopMode(observed);
  if (!mode) return {};
  return { shutdown: { mode, requestedTime: observed.session.status?.shutdown?.requestedTime ?? timestamp(observed.now) } };
};

const runFields = (observed: SessionObserved, verdict: OpenVerdict): Partial<SessionStatus> => {
  const { run, session } = observed;
  const summary = run?.copied ?? observed.log;
  const fresh = verdict.is === 'ended' || verdict.is === 'retry' || observed.outputDue;
  return {
    ...inputStatus(observed),
    ...(verdict.is === 'active' && run?.waiting ? { waiting: run.waiting } : {}),
    ...(summary && fresh ? outputFields(summary, session.status, observed.now) : {}),
  };
};

const outputFields = (summary: LogSummary, before: SessionStatus | undefined, now: number): Pick<SessionStatus, 'output' | 'results'> => {
  const { bytes, lines, truncated, tail, pullRequestURL } = summary;
  const known = before?.output;
  const updatedTime = known?.bytes === bytes && known.truncated === truncated ? known.updatedTime : timestamp(now);
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
