// Waits for a state of the world, without a fixed sleep.
import { setTimeout as delay } from 'node:timers/promises';

export const until = async (holds: () => boolean | Promise<boolean>, what = 'the state waited for', limitMs = 60_000): Promise<void> => {
  for (const end = performance.now() + limitMs; !(await holds()); await delay(5)) {
    if (performance.now() > end) throw new Error(`${what} did not come within ${limitMs / 1000} s`);
  }
};
