// A clock that stands still until told: due timers run one after another in the order of their time, and what each one
// sets off (promises included) settles before the next.
import type { Clock } from '../../controller/api/clock.ts';
import { createHeap } from '../../controller/runtime/heap.ts';

export interface FakeClock extends Clock {
  /** Moves on by `ms`, running every timer that comes due on the way at its own time. */
  advance(ms: number): Promise<void>;
  /** Moves on to the first timer and runs it (it alone); false when none is set. */
  next(): Promise<boolean>;
  /** When the first timer is due, by the monotonic clock. */
  nextAt(): number | undefined;
  /** The wall clock alone jumps: timers and the monotonic clock know nothing of it. */
  jump(ms: number): void;
  /** How many timers are set. */
  readonly pending: number;
}

interface Timer {
  readonly at: number;
  readonly sequence: number;
  readonly callback: () => void;
  isSet: boolean;
}

/** `start` is the wall clock's first time; the monotonic clock starts at 0. */
export const createFakeClock = (start: number = Date.parse('2026-01-01T00:00:00Z')): FakeClock => {
  const timers = createHeap<Timer>((a, b) => a.at - b.at || a.sequence - b.sequence);
  let pending = 0;
  let elapsed = 0;
  let wall = start;
  let sequence = 0;

  const first = (): Timer | undefined => {
    for (let timer = timers.peek(); timer !== undefined; timer = timers.peek()) {
      if (timer.isSet) return timer;
      timers.pop();
    }
    return undefined;
  };

  const unset = (timer: Timer): void => {
    if (timer.isSet) pending -= 1;
    timer.isSet = false;
  };

  const moveTo = (at: number): void => {
    wall += Math.max(0, at - elapsed);
    elapsed = Math.max(elapsed, at);
  };

  const run = async (timer: Timer): Promise<void> => {
    unset(timer);
    moveTo(timer.at);
    timer.callback();
    await settle();
  };

  return {
    now: () => wall,
    monotonic: () => elapsed,
    after(ms, callback) {
      const timer = { at: elapsed + Math.max(0, ms), sequence: sequence++, callback, isSet: true };
      timers.push(timer);
      pending += 1;
      return () => unset(timer);
    },
    async advance(ms) {
      const end = elapsed + ms;
      await settle();
      for (let timer = first(); timer !== undefined && timer.at <= end; timer = first()) await run(timer);
      moveTo(end);
      await settle();
    },
    async next() {
      await settle();
      const timer = first();
      if (timer === undefined) return false;
      await run(timer);
      return true;
    },
    nextAt: () => first()?.at,
    jump(ms) {
      wall += ms;
    },
    get pending() {
      return pending;
    },
  };
};

/**
 * Lets every promise that can make progress without a timer or I/O make it: a tick that is asked for while promises are
 * carried on comes once all of them have been. Cheaper by half than a turn of the event loop.
 */
export const settle = async (): Promise<void> => {
  await undefined;
  await new Promise<void>((resolve) => process.nextTick(resolve));
};
