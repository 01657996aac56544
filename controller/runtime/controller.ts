// Runs one reconciler over its queue: so many workers, a time limit for each pass, every failure logged and counted once,
// and a retry by the table. On stop it takes nothing new and lets what runs come to its end.
import type { Clock } from '../api/clock.ts';
import { errorMessage, OperatorError } from '../api/error.ts';
import { type Kind, parseKey } from '../api/object.ts';
import type { Action, Reconciler } from '../api/reconciler.ts';
import type { Logger } from './log.ts';
import type { Queue } from './queue.ts';
import { isConflict, type ReconcileContext, type ReconcileResult, reconcile } from './reconcile.ts';
import { retryDelay } from './retry.ts';

export interface ControllerOptions<K extends Kind, O, A extends Action> extends Omit<ReconcileContext<K, O, A>, 'clock' | 'log'> {
  /** For logs and metrics: lower case, as `session`. */
  readonly name: string;
  readonly reconciler: Reconciler<K, O, A>;
  readonly queue: Queue;
  readonly workers: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1): spreads retries. */
  readonly random: () => number;
  readonly observer?: ControllerObserver;
  /** After this long a pass is told to stop by its signal. */
  readonly timeoutMs?: number;
  /** On stop, what still runs after this long is told to stop as well. */
  readonly drainMs?: number;
}

/** Is told what happens, for metrics. */
export interface ControllerObserver {
  started(): void;
  finished(end: PassEnd): void;
}

export interface PassEnd {
  readonly result: 'success' | 'error' | 'requeue' | 'requeue_after';
  readonly seconds: number;
  /** Nothing but a change can help. */
  readonly terminal: boolean;
  /** An error nobody threw on purpose. */
  readonly panicked: boolean;
  readonly timedOut: boolean;
}

export interface Controller {
  readonly name: string;
  /** Works until the signal, then drains: resolves when the last pass has ended, or was given up. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

const TIMEOUT_MS = 120_000;
const DRAIN_MS = 30_000;
/** A time to look again that came while passes fail must not turn the back-off into a busy loop. */
const SOONEST_RECHECK_AFTER_FAILURE_MS = 1_000;

export const createController = <K extends Kind, O, A extends Action>(options: ControllerOptions<K, O, A>): Controller => {
  const { name, reconciler, queue, workers, clock, drainMs = DRAIN_MS } = options;
  const log = options.log.child({ controller: name, controllerKind: reconciler.kind });
  const { patchStatus, learn, onOutcome, freeze = false } = options;
  const context = { clock, patchStatus, learn, freeze, ...(onOutcome ? { onOutcome } : {}) };
  const running = new Set<AbortController>();
  let passes = 0;

  const handle = async (key: string): Promise<void> => {
    const { namespace, name: object } = parseKey(key);
    const id = `${name}-${++passes}`;
    const passLog = log.child({ [reconciler.kind]: { namespace, name: object }, namespace, name: object, reconcileID: id });
    const pass = new AbortController();
    running.add(pass);
    options.observer?.started();
    const startedAt = clock.monotonic();
    const limit = startLimit(pass, clock, options.timeoutMs ?? TIMEOUT_MS);
    const result = await reconcile(reconciler, { namespace, name: object }, { ...context, log: passLog }, pass.signal);
    limit.cancel();
    running.delete(pass);
    logFailures(result, passLog);
    const next = comeBack(key, result, options);
    options.observer?.finished({
      ...next,
      seconds: (clock.monotonic() - startedAt) / 1000,
      panicked: isPanic(result.error),
      timedOut: limit.passed(),
    });
  };

  const work = async (signal: AbortSignal): Promise<void> => {
    for (let key = await queue.take(signal); key !== undefined; key = await queue.take(signal)) {
      await handle(key);
      queue.done(key);
    }
  };

  return {
    name,
    async run(signal) {
      const all = Promise.all(Array.from({ length: workers }, () => work(signal)));
      const { promise: givenUp, resolve: giveUp } = Promise.withResolvers<void>();
      let cancel: () => void = () => undefined;
      const drain = (): void => {
        cancel = clock.after(drainMs, () => {
          for (const pass of running) pass.abort(new OperatorError('unavailable', 'the controller is stopping'));
          if (running.size > 0) log.warn({ passes: running.size, drainMs }, 'Gave up waiting for passes to end');
          giveUp();
        });
      };
      if (signal.aborted) drain();
      else signal.addEventListener('abort', drain, { once: true });
      await Promise.race([all, givenUp]);
      cancel();
    },
  };
};

const startLimit = (pass: AbortController, clock: Clock, timeoutMs: number) => {
  let passed = false;
  const cancel = clock.after(timeoutMs, () => {
    passed = true;
    pass.abort(new OperatorError('unavailable', `the pass took longer than ${timeoutMs / 1000} s`));
  });
  return { cancel, passed: () => passed };
};

const isPanic = (error: unknown): boolean => error !== undefined && !(error instanceof OperatorError);

const logFailures = (result: ReconcileResult, log: Logger): void => {
  for (const { doing, because, error } of result.failures) {
    const fields = { doing, ...(because === undefined ? {} : { because }), error };
    if (isConflict(error)) log.debug({ doing, reason: errorMessage(error) }, 'Lost a race with another writer');
    else log.error(fields, 'Failed to reconcile');
  }
};

/** Puts the key back as the result asks: the earlier of the retry and of the time the decision wants to look again. */
const comeBack = (
  key: string,
  { error, requeueAt }: ReconcileResult,
  { queue, clock, random }: Pick<ControllerOptions<Kind, unknown, Action>, 'queue' | 'clock' | 'random'>,
): Pick<PassEnd, 'result' | 'terminal'> => {
  const soonest = error === undefined ? 0 : SOONEST_RECHECK_AFTER_FAILURE_MS;
  if (requeueAt !== undefined) queue.add(key, { after: Math.max(soonest, requeueAt - clock.now()) });
  const delay = error === undefined ? undefined : retryDelay(error, queue.attempts(key), random());
  if (delay === undefined || delay === 'never') {
    queue.forget(key);
    if (delay === 'never') return { result: 'error', terminal: true };
    return { result: requeueAt === undefined ? 'success' : 'requeue_after', terminal: false };
  }
  queue.retry(key, delay);
  return { result: isConflict(error) ? 'requeue' : 'error', terminal: false };
};
