// Which events are written, as client-go folds them (tools/events, tools/record): repeats become a series, many alike one
// combined event, and one object has only so many. Pure but for what it remembers; times are passed in.
import type { EventRecord } from '../store.ts';

export interface Series {
  readonly event: EventRecord;
  /** Milliseconds since the epoch. */
  readonly firstTime: number;
  lastTime: number;
  count: number;
  /** What the server was last told: when, and of how many. */
  writtenAt: number;
  writtenCount: number;
  /** Of the Event object, once there is one. */
  name?: string;
}

export interface EventSeries {
  /** The series to write now; undefined when it is folded into what is there, or too much. */
  add(event: EventRecord, now: number): Series | undefined;
  /** Series that want to be written again: refreshed, or at their end. To be asked about every minute. */
  due(now: number): readonly Series[];
}

const SIMILAR_WINDOW_MS = 600_000;
const MOST_SIMILAR = 10;
const BURST = 25;
const REFILL_MS = 300_000;
const REFRESH_MS = 1_800_000;
const FINISH_MS = 360_000;
/** Bounds the memory of each of the tables. */
const MOST = 4_096;

export const createEventSeries = (): EventSeries => {
  const series = new Map<string, Series>();
  const similar = new Map<string, { since: number; readonly messages: Set<string> }>();
  const buckets = new Map<string, { tokens: number; at: number }>();

  const mayWrite = (uid: string, now: number): boolean => {
    const bucket = buckets.get(uid) ?? { tokens: BURST, at: now };
    bucket.tokens = Math.min(BURST, bucket.tokens + (now - bucket.at) / REFILL_MS);
    bucket.at = now;
    remember(buckets, uid, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  };

  /** The event itself, or the one that stands for all of its like. */
  const combined = (event: EventRecord, now: number): { readonly id: string; readonly event: EventRecord } => {
    const alike = [event.regarding.uid, event.type, event.reason].join('\0');
    const known = similar.get(alike);
    const group = known !== undefined && now - known.since < SIMILAR_WINDOW_MS ? known : { since: now, messages: new Set<string>() };
    if (group.messages.size <= MOST_SIMILAR) group.messages.add(event.message);
    remember(similar, alike, group);
    if (group.messages.size <= MOST_SIMILAR) return { id: `${alike}\0${event.message}`, event };
    return { id: alike, event: { ...event, message: `(combined from similar events): ${event.message}` } };
  };

  return {
    add: (event, now) => {
      const { id, event: told } = combined(event, now);
      const known = series.get(id);
      if (known !== undefined && now - known.lastTime < FINISH_MS) {
        known.count += 1;
        known.lastTime = now;
        remember(series, id, known);
        // The second one makes it a series, which people see; later ones wait for the refresh.
        return known.count === 2 && mayWrite(event.regarding.uid, now) ? known : undefined;
      }
      if (!mayWrite(event.regarding.uid, now)) return undefined;
      const begun: Series = { event: told, firstTime: now, lastTime: now, count: 1, writtenAt: now, writtenCount: 0 };
      remember(series, id, begun);
      return begun;
    },
    due: (now) => {
      const wanted: Series[] = [];
      for (const [id, each] of series) {
        const isOver = now - each.lastTime >= FINISH_MS;
        if (isOver) series.delete(id);
        if (each.count > each.writtenCount && (isOver || now - each.writtenAt >= REFRESH_MS)) wanted.push(each);
      }
      return wanted;
    },
  };
};

/** The newest at the end; the oldest goes when there are too many. */
const remember = <T>(table: Map<string, T>, id: string, value: T): void => {
  table.delete(id);
  table.set(id, value);
  const oldest = table.keys().next().value;
  if (table.size > MOST && oldest !== undefined) table.delete(oldest);
};
