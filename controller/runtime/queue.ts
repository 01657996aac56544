// A queue of keys, not of events: each key is in it at most once and with at most one worker; a key added while it is
// worked on comes once more after. Of two delays the earlier wins, of two priorities the higher.
import type { Clock } from '../api/clock.ts';
import { createSchedule, type Item } from './schedule.ts';

/** Of what existed when the controller started: a user's change is not to wait behind ten thousand of those. */
export const START_UP_PRIORITY = -100;

export interface AddOptions {
  /** Higher goes first; 0 unless told. */
  readonly priority?: number;
  /** Not before this many milliseconds from now. */
  readonly after?: number;
}

export interface Queue {
  readonly name: string;
  add(key: string, options?: AddOptions): void;
  /** The next key that is due, now held by the caller until `done`; undefined when the signal ends the wait. */
  take(signal: AbortSignal): Promise<string | undefined>;
  done(key: string): void;
  /** Adds the key after the delay and counts a failed attempt. */
  retry(key: string, delayMs: number): void;
  /** How many times in a row the key was retried. */
  attempts(key: string): number;
  /** The key did well (or gave up): its next failure is the first. */
  forget(key: string): void;
  /** Due keys by priority; neither those whose time has not come nor those worked on. */
  depth(): ReadonlyMap<number, number>;
  /** For how long each key has been worked on, in milliseconds. */
  working(): ReadonlyMap<string, number>;
}

/** Is told what happens, for metrics. Times are in seconds. */
export interface QueueObserver {
  added(priority: number): void;
  taken(waitedSeconds: number): void;
  finished(workedSeconds: number): void;
  retried(): void;
}

export interface QueueOptions {
  readonly name: string;
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly observer?: QueueObserver;
}

interface Waiter {
  readonly signal: AbortSignal;
  readonly resolve: (key: string | undefined) => void;
}

export const createQueue = ({ name, clock, observer }: QueueOptions): Queue => {
  const items = new Map<string, Item>();
  const startedAt = new Map<string, number>();
  const failures = new Map<string, number>();
  const waiting: Waiter[] = [];
  const heard = new WeakSet<AbortSignal>();
  const schedule = createSchedule((item) => items.get(item.key) === item);
  let sequence = 0;
  let alarm: { readonly at: number; readonly cancel: () => void } | undefined;

  const start = (): string | undefined => {
    const now = clock.monotonic();
    const item = schedule.next(now);
    if (item === undefined) return undefined;
    items.delete(item.key);
    startedAt.set(item.key, now);
    observer?.taken((now - item.dueAt) / 1000);
    return item.key;
  };

  /** Hands what is due to who waits, and sets the alarm for what is due next. */
  const dispatch = (): void => {
    while (waiting.length > 0) {
      const key = start();
      if (key === undefined) break;
      waiting.shift()?.resolve(key);
    }
    const at = waiting.length > 0 ? schedule.dueAt() : undefined;
    if (alarm?.at === at) return;
    alarm?.cancel();
    alarm = at === undefined ? undefined : { at, cancel: clock.after(at - clock.monotonic(), ring) };
  };

  /** Once for all who ever wait with it: a listener for each wait costs more than the wait. */
  const listenTo = (signal: AbortSignal): void => {
    if (heard.has(signal)) return;
    heard.add(signal);
    signal.addEventListener('abort', () => leave(signal), { once: true });
  };

  const leave = (signal: AbortSignal): void => {
    for (const waiter of waiting.filter((one) => one.signal === signal)) {
      waiting.splice(waiting.indexOf(waiter), 1);
      waiter.resolve(undefined);
    }
    dispatch();
  };

  const ring = (): void => {
    alarm = undefined;
    dispatch();
  };

  const add = (key: string, { priority = 0, after = 0 }: AddOptions = {}): void => {
    const known = items.get(key);
    const dueAt = clock.monotonic() + Math.max(0, after);
    const item: Item = {
      key,
      dueAt: Math.min(dueAt, known?.dueAt ?? dueAt),
      priority: Math.max(priority, known?.priority ?? priority),
      sequence: known?.sequence ?? sequence++,
    };
    if (known !== undefined && known.dueAt === item.dueAt && known.priority === item.priority) return;
    if (known === undefined) observer?.added(item.priority);
    items.set(key, item);
    if (startedAt.has(key)) return;
    schedule.add(item, items.size);
    dispatch();
  };

  return {
    name,
    add,
    take(signal) {
      const key = signal.aborted ? undefined : start();
      if (key !== undefined || signal.aborted) return Promise.resolve(key);
      const { promise, resolve } = Promise.withResolvers<string | undefined>();
      listenTo(signal);
      waiting.push({ signal, resolve });
      dispatch();
      return promise;
    },
    done(key) {
      const since = startedAt.get(key);
      if (since === undefined) return;
      startedAt.delete(key);
      observer?.finished((clock.monotonic() - since) / 1000);
      const again = items.get(key);
      if (again === undefined) return;
      schedule.add(again, items.size);
      dispatch();
    },
    retry(key, delayMs) {
      failures.set(key, (failures.get(key) ?? 0) + 1);
      observer?.retried();
      add(key, { after: delayMs });
    },
    attempts: (key) => failures.get(key) ?? 0,
    forget: (key) => void failures.delete(key),
    depth() {
      const now = clock.monotonic();
      const due = [...items.values()].filter((item) => item.dueAt <= now && !startedAt.has(item.key));
      return new Map(
        Object.entries(Object.groupBy(due, (item) => item.priority)).map(([priority, of]) => [Number(priority), of?.length ?? 0]),
      );
    },
    working() {
      const now = clock.monotonic();
      return new Map([...startedAt].map(([key, since]) => [key, now - since]));
    },
  };
};
