// When the next look is due: hints are gathered for a moment, the earliest wish wins, and looks never overlap.
import type { Clock } from '../../api/clock.ts';

export interface Alarm {
  /** Not later than this (monotonic). */
  set(at: number): void;
  /** Something happened: look once it has been quiet for a moment, but do not wait for ever. */
  hint(): void;
  /** Looks now, and sets what follows. */
  ring(): Promise<void>;
  readonly dueAt: number;
  readonly isRinging: boolean;
  /** Resolves when the look that runs, if any, has ended. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

const QUIET_MS = 200;
const MAX_WAIT_MS = 2_000;

/** `look` never rejects. */
export const createAlarm = (clock: Clock, look: () => Promise<void>): Alarm => {
  let dueAt = Number.POSITIVE_INFINITY;
  let firstHint: number | undefined;
  let cancel: (() => void) | undefined;
  let running: Promise<void> = Promise.resolve();
  let isRinging = false;
  let isClosed = false;

  const set = (at: number): void => {
    if (isClosed) return;
    cancel?.();
    dueAt = at;
    cancel = clock.after(Math.max(0, at - clock.monotonic()), () => {
      // It stays due until the look that runs has ended.
      if (isRinging) return;
      dueAt = Number.POSITIVE_INFINITY;
      running = ring();
    });
  };
  const ring = async (): Promise<void> => {
    isRinging = true;
    firstHint = undefined;
    await look();
    isRinging = false;
    // Its timer may have found the look running.
    if (dueAt < Number.POSITIVE_INFINITY) set(dueAt);
  };
  return {
    set,
    ring,
    hint: () => {
      const now = clock.monotonic();
      firstHint ??= now;
      set(Math.min(now + QUIET_MS, firstHint + MAX_WAIT_MS));
    },
    get dueAt() {
      return dueAt;
    },
    get isRinging() {
      return isRinging;
    },
    settled: () => running,
    close: async () => {
      isClosed = true;
      cancel?.();
      await running;
    },
  };
};
