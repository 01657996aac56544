// Whether the operator is alive and ready. Alive: its event loop turns and every watch runs. Ready: all caches are
// synced. A wall clock that jumps is only worth a warning: durations are measured by the monotonic clock.
import type { Clock } from '../api/clock.ts';
import type { Logger } from './log.ts';

/** Undefined when all is well, otherwise what is wrong. */
export type Check = () => string | undefined;

export interface CheckResult {
  readonly name: string;
  readonly problem?: string;
}

export interface Health {
  live(): readonly CheckResult[];
  ready(): readonly CheckResult[];
  /** Watches the event loop and the clocks until the signal. */
  run(signal: AbortSignal): void;
}

export interface HealthOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly live?: Readonly<Record<string, Check>>;
  readonly ready?: Readonly<Record<string, Check>>;
  /**
   * Is told when the wall clock jumped, also over a sleep of the machine: delays that were computed from wall times
   * (timers slept too) no longer end when they should, so every key wants to be looked at anew.
   */
  readonly onClockJump?: () => void;
}

const TICK_MS = 1_000;
/** A tick as late as that means that something blocks the event loop for seconds. */
const STALL_MS = 10_000;
const JUMP_MS = 5_000;

export const createHealth = ({ clock, log, live = {}, ready = {}, onClockJump }: HealthOptions): Health => {
  let tickDueAt: number | undefined;
  let lateMs = 0;
  let wallAhead = 0;

  const eventLoop: Check = () => {
    const late = Math.max(lateMs, clock.monotonic() - (tickDueAt ?? clock.monotonic()));
    return late > STALL_MS ? `a timer was ${Math.round(late / 1000)} s late` : undefined;
  };

  const tick = (): void => {
    lateMs = clock.monotonic() - (tickDueAt ?? clock.monotonic());
    const ahead = clock.now() - clock.monotonic();
    const jumpedMs = Math.round(ahead - wallAhead);
    if (tickDueAt !== undefined && Math.abs(jumpedMs) > JUMP_MS) {
      log.warn({ jumpedMs }, 'Wall clock jumped');
      onClockJump?.();
    }
    wallAhead = ahead;
    tickDueAt = clock.monotonic() + TICK_MS;
  };

  return {
    live: () => runChecks({ eventLoop, ...live }),
    ready: () => runChecks(ready),
    run(signal) {
      let cancel: () => void = () => undefined;
      const arm = (): void => {
        tick();
        cancel = clock.after(TICK_MS, arm);
      };
      if (signal.aborted) return;
      arm();
      signal.addEventListener(
        'abort',
        () => {
          cancel();
          tickDueAt = undefined;
        },
        { once: true },
      );
    },
  };
};

const runChecks = (checks: Readonly<Record<string, Check>>): readonly CheckResult[] =>
  Object.entries(checks).map(([name, check]) => {
    const problem = check();
    return problem === undefined ? { name } : { name, problem };
  });
