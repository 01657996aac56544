// When to try again after an error: the one table from what an error means and how often it came to a delay. Pure.
import { type ErrorCode, errorCode, OperatorError } from '../api/error.ts';

export type Delay = number | 'never';

interface Backoff {
  readonly firstMs: number;
  readonly longestMs: number;
}

const TABLE: Readonly<Record<ErrorCode, Backoff | 'never'>> = {
  invalid: 'never',
  // Nothing tells us when permission is given back.
  denied: { firstMs: 30_000, longestMs: 600_000 },
  quota: { firstMs: 60_000, longestMs: 600_000 },
  unavailable: { firstMs: 500, longestMs: 60_000 },
  conflict: { firstMs: 10, longestMs: 1_000 },
  bug: { firstMs: 1_000, longestMs: 300_000 },
};

/** Worst first. What stops comes last: beside an error that a retry may cure, the retry has to happen. */
const BY_SEVERITY: readonly ErrorCode[] = ['bug', 'unavailable', 'quota', 'conflict', 'denied', 'invalid'];

/**
 * Milliseconds until the next attempt, or 'never' (until something changes). `attempts` counts the failures in a row
 * before this one; `random` in [0, 1) spreads the delay over its upper half, so that keys that failed together do not
 * come back together. Never sooner than the error itself asks (`retryAfterMs`).
 */
export const retryDelay = (error: unknown, attempts: number, random: number): Delay => {
  const backoff = TABLE[errorCode(error)];
  if (backoff === 'never') return 'never';
  const delay = Math.min(backoff.firstMs * 2 ** Math.min(attempts, 30), backoff.longestMs);
  const asked = error instanceof OperatorError ? (error.retryAfterMs ?? 0) : 0;
  return Math.max(Math.round(delay * (0.5 + random / 2)), asked);
};

/** The error that decides when to try again; undefined when there is none. */
export const worstError = (errors: readonly unknown[]): unknown =>
  BY_SEVERITY.map((code) => errors.find((error) => errorCode(error) === code)).find((error) => error !== undefined);
