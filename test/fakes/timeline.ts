// Simulated time: it belongs to the world and outlives every controller; each controller gets a Clock of its own on it,
// whose timers die with that controller.
import type { Clock } from '../../controller/api/clock.ts';
import { createFakeClock } from './clock.ts';

export interface Timeline {
  /** Milliseconds since the simulation began. */
  elapsed(): number;
  /** What the world's wall clocks show, in milliseconds since the epoch. */
  wall(): number;
  /** Sets every wall clock forward (or back); no timer is moved by it. */
  jump(ms: number): void;
  at(delayMs: number, callback: () => void): () => void;
  /** Time passes to the next thing that is due, which happens, with all that follows at once. False when nothing ever will. */
  step(): Promise<boolean>;
  nextAt(): number | undefined;
  clock(alive: () => boolean): Clock;
}

export const createTimeline = (epoch: number): Timeline => {
  const time = createFakeClock(epoch);
  // Whole milliseconds, as a real wall clock shows them: a fraction left over would be waited for again and again.
  const after = (ms: number, callback: () => void): (() => void) => time.after(Math.ceil(ms), callback);
  return {
    elapsed: time.monotonic,
    wall: time.now,
    jump: time.jump,
    at: after,
    step: time.next,
    nextAt: time.nextAt,
    clock: (alive) => ({
      now: time.now,
      monotonic: time.monotonic,
      after: (ms, callback) => after(ms, () => alive() && callback()),
    }),
  };
};
