// A token bucket on the clock: so many a second in all, with a burst. It never waits: who is refused looks again later.
import type { Clock } from '../api/clock.ts';

export interface Limiter {
  /** 0 when granted; otherwise the milliseconds until it may be, and nothing is taken. */
  take(): number;
}

export const createLimiter = (options: { readonly clock: Clock; readonly perSecond: number; readonly burst?: number }): Limiter => {
  const { clock, perSecond, burst = perSecond } = options;
  let tokens = burst;
  let filledAt = clock.monotonic();
  return {
    take() {
      const now = clock.monotonic();
      tokens = Math.min(burst, tokens + ((now - filledAt) * perSecond) / 1000);
      filledAt = now;
      // The refill adds fractions: what is one but for rounding is one.
      if (tokens < 1 - 1e-9) return Math.ceil(((1 - tokens) * 1000) / perSecond);
      tokens = Math.max(0, tokens - 1);
      return 0;
    },
  };
};
