// What happened, told to people: one file of JSON lines in which the newest line of an event replaces its older ones.
import { appendFileSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, timestamp } from '../../api/clock.ts';
import type { ObjectKey } from '../../api/object.ts';
import type { StoredEvent } from '../client.ts';
import type { EventRecord } from '../store.ts';

/** As a store's, but a file may be what it is about. */
export type DirectoryEvent = Omit<EventRecord, 'regarding'> & { readonly regarding: Pick<StoredEvent, 'kind'> & ObjectKey };

export interface EventRecorder {
  record(event: DirectoryEvent): void;
  flush(): void;
}

const FLUSH_MS = 200;
const MAX_EVENTS = 1_000;
const MAX_BYTES = 2 * 1024 * 1024;
const MAX_MESSAGE = 1_024;

export const createEventRecorder = (folder: string, clock: Clock): EventRecorder => {
  const events = new Map<string, StoredEvent>();
  const unwritten = new Set<string>();
  for (const event of readEvents(folder)) events.set(idOf(event), event);
  let cancel: (() => void) | undefined;

  const flush = (): void => {
    cancel?.();
    cancel = undefined;
    const lines = [...unwritten].flatMap((id) => events.get(id) ?? []);
    unwritten.clear();
    try {
      writeEvents(folder, lines, events);
    } catch {
      // Best effort by contract: a full disk is reported by the writes that matter.
    }
  };
  return {
    flush,
    record: (record) => {
      const event = folded(record, timestamp(clock.now()), events);
      const id = idOf(event);
      events.delete(id);
      events.set(id, event);
      unwritten.add(id);
      for (const old of events.keys()) {
        if (events.size <= MAX_EVENTS) break;
        events.delete(old);
      }
      cancel ??= clock.after(FLUSH_MS, flush);
    },
  };
};

/** Oldest first. A line torn by a crash is passed over. */
export const readEvents = (folder: string): readonly StoredEvent[] => {
  const events = new Map<string, StoredEvent>();
  if (!existsSync(pathIn(folder))) return [];
  for (const line of readFileSync(pathIn(folder), 'utf8').split('\n')) {
    const event = parseLine(line);
    if (!event) continue;
    events.delete(idOf(event));
    events.set(idOf(event), event);
  }
  return [...events.values()].slice(-MAX_EVENTS);
};

const folded = (record: DirectoryEvent, time: string, events: ReadonlyMap<string, StoredEvent>): StoredEvent => {
  const { kind, namespace, name } = record.regarding;
  const event = { type: record.type, reason: record.reason, message: record.message.slice(0, MAX_MESSAGE), kind, namespace, name };
  const before = events.get(idOf(event));
  return { ...event, firstTime: before?.firstTime ?? time, lastTime: time, count: (before?.count ?? 0) + 1 };
};

const writeEvents = (folder: string, lines: readonly StoredEvent[], all: ReadonlyMap<string, StoredEvent>): void => {
  const path = pathIn(folder);
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size < MAX_BYTES) {
    // Begins with a line end: whatever a crash tore off before must not swallow the first event.
    if (lines.length > 0) appendFileSync(path, `\n${encode(lines)}`);
    return;
  }
  writeFileSync(`${path}.tmp`, encode(all.values()));
  renameSync(`${path}.tmp`, path);
};

const pathIn = (folder: string): string => join(folder, 'events.jsonl');

const encode = (events: Iterable<StoredEvent>): string => [...events].map((event) => JSON.stringify(event)).join('\n');

const idOf = (event: Omit<StoredEvent, 'firstTime' | 'lastTime' | 'count'>): string =>
  [event.kind, event.namespace, event.name, event.type, event.reason, event.message].join('\0');

const parseLine = (line: string): StoredEvent | undefined => {
  try {
    const event = JSON.parse(line) as StoredEvent;
    return typeof event.reason === 'string' && typeof event.lastTime === 'string' ? event : undefined;
  } catch {
    return undefined;
  }
};
