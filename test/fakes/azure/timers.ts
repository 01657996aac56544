// What will happen, as data in the world: each event has its time, and a restarted fake goes on with the same ones.
import type { Azure } from './azure.ts';
import type { World } from './world.ts';

export type Event =
  | { readonly kind: 'machine'; readonly step: Step; readonly id: string; readonly operation: string }
  | { readonly kind: 'child'; readonly id: string }
  | { readonly kind: 'settle'; readonly id: string; readonly operation: string }
  | { readonly kind: 'remove'; readonly id: string; readonly operation: string }
  | { readonly kind: 'removeGroup'; readonly id: string; readonly operation: string }
  | { readonly kind: 'evict'; readonly id: string }
  | { readonly kind: 'schedule'; readonly id: string; readonly time: string }
  | { readonly kind: 'timer'; readonly id: string; readonly booted: number; readonly everyMs: number; readonly command: string }
  | { readonly kind: 'chaos' }
  | { readonly kind: 'fail'; readonly operation: string };

export type Step =
  | 'allocated'
  | 'booted'
  | 'agent'
  | 'osTimeout'
  | 'started'
  | 'stopped'
  | 'deallocated'
  | 'deleted'
  | 'updated'
  | 'commanded';

export interface Timer {
  readonly at: number;
  readonly event: Event;
}

export interface Timers {
  /** `ms` as it is: whoever asks has divided by `speed`. */
  after(ms: number, event: Event): void;
  /** Runs what has come due, in order; what that sets off included. */
  run(): void;
  close(): void;
}

export const createTimers = (world: World, now: () => number, happen: (event: Event) => void): Timers => {
  let alarm: NodeJS.Timeout | undefined;
  let running = false;

  const run = (): void => {
    if (running) return;
    running = true;
    try {
      for (let due = world.timers[0]; due && due.at <= now(); due = world.timers[0]) {
        world.timers.shift();
        happen(due.event);
      }
    } finally {
      running = false;
      arm();
    }
  };
  const arm = (): void => {
    clearTimeout(alarm);
    const first = world.timers[0];
    if (first === undefined || world.clock.rate === 0) return;
    alarm = setTimeout(run, Math.min(60_000, Math.max(0, (first.at - now()) / world.clock.rate)));
  };
  return {
    after: (ms, event) => {
      const at = now() + ms;
      const index = world.timers.findLastIndex((timer) => timer.at <= at);
      world.timers.splice(index + 1, 0, { at, event });
      if (!running) arm();
    },
    run,
    close: () => clearTimeout(alarm),
  };
};

/** A duration of the world, as fast as it goes. */
export const lasting = (azure: Azure, name: keyof World['durations']): number => azure.world.durations[name] / azure.world.speed;
