// The shape of every reconciler: observe (reads) → decide (pure) → act (one change each) → status (pure).
import type { Kind, Kinds, ObjectKey } from './object.ts';

/** A change to make. `because` is what the log line, the Event, the status message and `berth plan` print. */
export interface Action {
  readonly do: string;
  readonly because: string;
}

export interface Decision<A extends Action> {
  /** Independent of each other: what needs another's effect waits for the next pass. */
  readonly actions: readonly A[];
  /** Look again at this time (milliseconds since the epoch) even if nothing changes. */
  readonly recheckAt?: number;
}

export interface Outcome<A extends Action> {
  readonly action: A;
  /** Absent when the action succeeded. */
  readonly error?: unknown;
}

export interface Reconciler<K extends Kind, O, A extends Action> {
  readonly kind: K;
  /**
   * A complete, frozen snapshot of all that the decision needs, `now` (milliseconds since the epoch) included;
   * undefined when there is nothing to do for this key any more. The only place that reads.
   */
  observe(key: ObjectKey, now: number, signal: AbortSignal): Promise<O | undefined>;
  decide(observed: O): Decision<A>;
  /**
   * Starts one change and never waits for it to complete. Idempotent: what is there already counts as made, what is
   * gone as deleted. Returns the reconciled object where it was this that was written, so that the status write that
   * follows carries the right precondition.
   */
  act(action: A, observed: O, signal: AbortSignal): Promise<Kinds[K] | undefined>;
  /** The object and the status it should have; undefined when there is no object to write to (or none is wanted). */
  status(
    observed: O,
    decision: Decision<A>,
    outcomes: readonly Outcome<A>[],
  ): { object: Kinds[K]; status: NonNullable<Kinds[K]['status']> } | undefined;
}
