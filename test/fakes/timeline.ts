// Simulated time: a queue of what is due, stepped by hand. It belongs to the world and outlives every controller;
// each controller gets a Clock of its own on it, whose timers die with that controller.
import type { Clock } from '../../controller/api/clock.ts';

export interface Timeline {
  /** Milliseconds since the simulation began. */
  elapsed(): number;
  /** What the world's wall clocks show, in milliseconds since the epoch. */
  wall(): number;
  /** Sets every wall clock forward (or back); no timer is moved by it. */
  jump(ms: number): void;
  at(delayMs: number, callback: () => void): () => void;
  /** Time passes to the next thing that is due, which happens. False when nothing ever will. */
  step(): boolean;
  nextAt(): number | undefined;
  clock(alive: () => boolean): Clock;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  callback: (() => void) | undefined;
}

export const createTimeline = (epoch: number): Timeline => {
  const heap: Timer[] = [];
  let elapsed = 0;
  let offset = 0;
  let order = 0;
  const wall = (): number => epoch + elapsed + offset;
  const at = (delayMs: number, callback: () => void): (() => void) => {
    const timer: Timer = { at: elapsed + Math.max(0, Number.isFinite(delayMs) ? delayMs : 0), order: order++, callback };
    push(heap, timer);
    return () => {
      timer.callback = undefined;
    };
  };
  const nextAt = (): number | undefined => {
    while (heap[0] && !heap[0].callback) pop(heap);
    return heap[0]?.at;
  };
  return {
    elapsed: () => elapsed,
    wall,
    jump: (ms) => {
      offset += ms;
    },
    at,
    nextAt,
    step: () => {
      if (nextAt() === undefined) return false;
      const timer = pop(heap);
      if (timer?.callback) {
        elapsed = Math.max(elapsed, timer.at);
        const callback = timer.callback;
        timer.callback = undefined;
        callback();
      }
      return true;
    },
    clock: (alive) => ({
      now: wall,
      monotonic: () => elapsed,
      after: (ms, callback) => at(ms, () => alive() && callback()),
    }),
  };
};

const before = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

const push = (heap: Timer[], timer: Timer): void => {
  let index = heap.push(timer) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent];
    if (!above || !before(timer, above)) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = timer;
};

const pop = (heap: Timer[]): Timer | undefined => {
  const first = heap[0];
  const last = heap.pop();
  if (!last || heap.length === 0) return first;
  let index = 0;
  for (;;) {
    const left = 2 * index + 1;
    const right = left + 1;
    const leftTimer = heap[left];
    if (!leftTimer) break;
    const rightTimer = heap[right];
    const child = rightTimer && before(rightTimer, leftTimer) ? right : left;
    const below = heap[child];
    if (!below || !before(below, last)) break;
    heap[index] = below;
    index = child;
  }
  heap[index] = last;
  return first;
};
