// One pass over one key, the same for every kind: observe → decide → act → status. Whatever fails, the rest still
// happens and the status is written; the worst failure is what decides when to come back.
import type { Clock } from '../api/clock.ts';
import { errorCode, OperatorError } from '../api/error.ts';
import type { Kind, Kinds, ObjectKey } from '../api/object.ts';
import { keyOf } from '../api/object.ts';
import type { Action, Decision, Outcome, Reconciler } from '../api/reconciler.ts';
import { isNewer } from '../api/version.ts';
import type { Precondition } from '../store/store.ts';
import { semanticallyEqual } from './equal.ts';
import { deepFreeze } from './freeze.ts';
import type { Logger } from './log.ts';
import { worstError } from './retry.ts';

export interface ReconcileContext<K extends Kind, O, A extends Action> {
  readonly clock: Clock;
  readonly log: Logger;
  patchStatus(at: Precondition, status: NonNullable<Kinds[K]['status']>): Promise<Kinds[K]>;
  /** Is given every object of the kind that a write returned (the informer's `learn`). */
  learn(object: Kinds[K]): void;
  /** Is told how each action went, to record it as an Event. */
  onOutcome?(outcome: Outcome<A>, observed: O): void;
  /** Freeze what was observed all the way down, so that whoever changes it throws: for tests and the simulation. */
  readonly freeze?: boolean;
}

export interface ReconcileResult {
  /** Look again at this time (milliseconds since the epoch). */
  readonly requeueAt?: number;
  /** All that failed, to be logged once by the caller. */
  readonly failures: readonly Failure[];
  /** The worst of them: it decides the retry. */
  readonly error?: unknown;
}

export interface Failure {
  /** What was being done: an action, or the pass itself. */
  readonly doing: string;
  readonly because?: string;
  readonly error: unknown;
}

/** Never throws. */
export const reconcile = async <K extends Kind, O, A extends Action>(
  reconciler: Reconciler<K, O, A>,
  key: ObjectKey,
  context: ReconcileContext<K, O, A>,
  signal: AbortSignal,
): Promise<ReconcileResult> => {
  const failures: Failure[] = [];
  let decision: Decision<A> | undefined;
  let isCutShort = false;
  let doing = 'observe';
  try {
    const observed = await reconciler.observe(key, context.clock.now(), signal);
    if (observed === undefined) return { failures };
    if (context.freeze) deepFreeze(observed);

    doing = 'decide';
    decision = reconciler.decide(observed);

    doing = 'act';
    const { outcomes, written } = await actAll(reconciler, decision.actions, observed, context, signal);
    isCutShort = outcomes.length < decision.actions.length;
    failures.push(...outcomes.filter(failed).map(({ action, error }) => ({ doing: action.do, because: action.because, error })));

    doing = 'status';
    await writeStatus(reconciler.status(observed, decision, outcomes), written, context);
  } catch (error) {
    failures.push({ doing, error });
  }
  const error = worstError(failures.map((failure) => failure.error));
  const requeueAt = isCutShort ? context.clock.now() : decision?.recheckAt;
  return { failures, ...(requeueAt === undefined ? {} : { requeueAt }), ...(error === undefined ? {} : { error }) };
};

const failed = <A extends Action>(outcome: Outcome<A>): boolean => outcome.error !== undefined;

/** Enough to place many sessions at once, few enough for a store or a cloud that takes one request after another. */
const ACTIONS_AT_ONCE = 8;
/** What a decision has not begun after that long is decided anew: the world has moved on, and other things may be due first. */
const STALE_MS = 1_000;

/**
 * Runs one action after the other whatever becomes of them, until the decision is stale. `written` is the newest state of
 * the object that they returned.
 */
const actAll = async <K extends Kind, O, A extends Action>(
  reconciler: Reconciler<K, O, A>,
  actions: readonly A[],
  observed: O,
  context: ReconcileContext<K, O, A>,
  signal: AbortSignal,
): Promise<{ outcomes: readonly Outcome<A>[]; written: Kinds[K] | undefined }> => {
  const outcomes: Outcome<A>[] = new Array(actions.length);
  const staleAt = context.clock.monotonic() + STALE_MS;
  const queue = actions.entries();
  let written: Kinds[K] | undefined;

  const attempt = async (action: A): Promise<Outcome<A>> => {
    try {
      if (signal.aborted) throw new OperatorError('unavailable', `${action.do} was not started: the pass ran out of time`);
      const object = await reconciler.act(action, observed, signal);
      if (object !== undefined) {
        context.learn(object);
        written = newest(written, object);
      }
      context.log.info({ action: action.do, because: action.because }, 'Carried out action');
      return { action };
    } catch (error) {
      return { action, error: error ?? new OperatorError('bug', `${action.do} failed without an error`) };
    }
  };

  const work = async (): Promise<void> => {
    for (const [index, action] of queue) {
      const outcome = await attempt(action);
      outcomes[index] = outcome;
      context.onOutcome?.(outcome, observed);
      if (context.clock.monotonic() >= staleAt) return;
    }
  };

  await Promise.all(actions.slice(0, ACTIONS_AT_ONCE).map(work));
  return { outcomes: outcomes.filter((outcome) => outcome !== undefined), written };
};

const newest = <T extends Kinds[Kind]>(known: T | undefined, object: T): T =>
  known === undefined || isNewer(object.metadata.resourceVersion, known.metadata.resourceVersion) ? object : known;

/**
 * Written against the version that the decision was made on, or that an action of this pass made of it: if somebody else
 * wrote in between, the write must fail and the next pass decide anew.
 */
const writeStatus = async <K extends Kind, O, A extends Action>(
  wanted: ReturnType<Reconciler<K, O, A>['status']>,
  written: Kinds[K] | undefined,
  context: ReconcileContext<K, O, A>,
): Promise<void> => {
  if (wanted === undefined) return;
  const object = written?.metadata.uid === wanted.object.metadata.uid ? written : wanted.object;
  if (isReleased(object) || semanticallyEqual(object.status, wanted.status)) return;
  const { uid, resourceVersion } = object.metadata;
  context.learn(await context.patchStatus({ ...keyOf(object), uid, resourceVersion }, wanted.status));
};

/** With its last finalizer an object being deleted goes: there is nothing left to write to. */
const isReleased = ({ metadata }: Kinds[Kind]): boolean =>
  metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0;

/** Somebody else wrote first: part of normal life, not worth a line above debug. */
export const isConflict = (error: unknown): boolean => errorCode(error) === 'conflict';
