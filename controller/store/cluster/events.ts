// Events (events.k8s.io/v1): sent one after another, in the background, as far as the server takes them. Best effort by
// contract: what cannot be sent after a few attempts is dropped.
import type { Clock } from '../../api/clock.ts';
import { errorCode } from '../../api/error.ts';
import { API_VERSION, type Kind } from '../../api/object.ts';
import type { StoredEvent } from '../client.ts';
import type { EventRecord } from '../store.ts';
import { createEventSeries, type Series } from './event-series.ts';
import { microTime } from './micro-time.ts';
import { readPages } from './read.ts';
import { type Api, isStatus, wait } from './request.ts';

export interface EventRecorder {
  record(event: EventRecord): void;
  /** Waits a little for what is on its way, then stops. */
  close(): Promise<void>;
}

export interface EventRecorderOptions {
  readonly api: Api;
  readonly clock: Clock;
  /** Of this process: who saw it. */
  readonly identity: string;
  /** A part of the Event's name that nobody else takes. */
  readonly newSuffix: () => string;
}

const GROUP = '/apis/events.k8s.io/v1';
const CONTROLLER = 'berth.dev/controller';
const MOST_WAITING = 1_000;
const TRIES = 4;
const PAUSE_MS = 2_000;
const SWEEP_MS = 60_000;
const CLOSE_MS = 3_000;
/** Limits of the API: characters, and bytes for the note. */
const LONGEST_NAME = 128;
const LONGEST_NOTE = 1_024;

export const createEventRecorder = ({ api, clock, identity, newSuffix }: EventRecorderOptions): EventRecorder => {
  const series = createEventSeries();
  const waiting = new Set<Series>();
  const stop = new AbortController();
  let sending = Promise.resolve();
  let isSending = false;

  const write = async (each: Series): Promise<void> => {
    const count = each.count;
    each.writtenAt = clock.now();
    if (each.name === undefined || !(await extend(api, each, each.name, stop.signal))) {
      const name = `${each.event.regarding.name.slice(0, 63)}.${newSuffix()}`;
      await create(api, each, { name, identity }, stop.signal);
      each.name = name;
    }
    each.writtenCount = count;
  };
  const sendAll = async (): Promise<void> => {
    for (const each of waiting) {
      waiting.delete(each);
      for (let tries = 1; tries <= TRIES && !stop.signal.aborted; tries += 1) {
        const error = await write(each).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        // What is refused will be refused again: a namespace that goes, a server without this API.
        if (error === undefined || isStatus(error, 404) || errorCode(error) !== 'unavailable') break;
        await wait(clock, PAUSE_MS * tries, stop.signal);
      }
      // Given up or not: only news is worth another attempt.
      each.writtenCount = Math.max(each.writtenCount, 1);
    }
    isSending = false;
  };
  const enqueue = (each: Series): void => {
    if (waiting.size >= MOST_WAITING) return;
    waiting.add(each);
    if (isSending || stop.signal.aborted) return;
    isSending = true;
    sending = sendAll();
  };
  let cancel: () => void = () => undefined;
  const sweep = (): void => {
    cancel = clock.after(SWEEP_MS, () => {
      for (const each of series.due(clock.now())) enqueue(each);
      sweep();
    });
  };
  sweep();
  // What is on its way is not written yet, and would be taken for news.
  const finish = async (): Promise<void> => {
    await sending;
    for (const each of series.due(Number.POSITIVE_INFINITY)) enqueue(each);
    await sending;
  };
  return {
    record: (event) => {
      const each = series.add(event, clock.now());
      if (each !== undefined) enqueue(each);
    },
    close: async () => {
      cancel();
      await Promise.race([finish(), wait(clock, CLOSE_MS)]);
      stop.abort();
      await sending;
    },
  };
};

const create = async (
  api: Api,
  { event, firstTime, lastTime, count }: Series,
  { name, identity }: { readonly name: string; readonly identity: string },
  signal: AbortSignal,
): Promise<void> => {
  const { namespace, uid, kind } = event.regarding;
  const body = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name, namespace },
    eventTime: microTime(firstTime),
    reportingController: CONTROLLER,
    reportingInstance: identity.slice(0, LONGEST_NAME),
    action: event.reason.slice(0, LONGEST_NAME),
    reason: event.reason.slice(0, LONGEST_NAME),
    note: cutBytes(event.message, LONGEST_NOTE),
    type: event.type,
    regarding: { apiVersion: API_VERSION, kind, namespace, name: event.regarding.name, uid },
    ...(count > 1 ? { series: seriesOf(count, lastTime) } : {}),
  };
  await api.send({
    doing: `record an event of ${kind} ${namespace}/${event.regarding.name}`,
    method: 'POST',
    path: path(namespace),
    body,
    signal,
  });
};

/** False when the Event has expired on the server meanwhile. */
const extend = async (api: Api, { event, lastTime, count }: Series, name: string, signal: AbortSignal): Promise<boolean> => {
  const { namespace } = event.regarding;
  const body = { series: seriesOf(count, lastTime) };
  const request = {
    method: 'PATCH' as const,
    path: `${path(namespace)}/${encodeURIComponent(name)}`,
    type: 'application/merge-patch+json',
    body,
  };
  try {
    await api.send({ doing: `extend event ${namespace}/${name}`, ...request, signal });
    return true;
  } catch (error) {
    if (isStatus(error, 404)) return false;
    throw error;
  }
};

const seriesOf = (count: number, lastTime: number) => ({ count, lastObservedTime: microTime(lastTime) });

const path = (namespace: string): string => `${GROUP}/namespaces/${encodeURIComponent(namespace)}/events`;

/** At most so many bytes of UTF-8, cut between characters. */
const cutBytes = (text: string, bytes: number): string => {
  const all = Buffer.from(text);
  if (all.length <= bytes) return text;
  return all
    .subarray(0, bytes)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
};

interface KubeEvent {
  readonly metadata: { readonly namespace: string; readonly creationTimestamp: string };
  readonly type?: string;
  readonly reason?: string;
  readonly note?: string;
  readonly eventTime?: string | null;
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string };
  readonly regarding?: { readonly apiVersion?: string; readonly kind?: string; readonly name?: string };
}

/** Those about our kinds, oldest first. */
export const readClusterEvents = async (api: Api, namespace: string | undefined): Promise<readonly StoredEvent[]> => {
  const all = await readPages(api, { doing: 'list events', path: namespace === undefined ? `${GROUP}/events` : path(namespace) });
  return (all as readonly KubeEvent[])
    .filter(({ regarding }) => regarding?.apiVersion === API_VERSION)
    .map(storedEvent)
    .sort((a, b) => a.lastTime.localeCompare(b.lastTime));
};

const storedEvent = ({ metadata, type, reason = '', note = '', eventTime, series, regarding }: KubeEvent): StoredEvent => {
  const firstTime = wholeSeconds(eventTime ?? metadata.creationTimestamp);
  return {
    type: type === 'Warning' ? 'Warning' : 'Normal',
    reason,
    message: note,
    kind: (regarding?.kind ?? 'Session') as Kind,
    namespace: metadata.namespace,
    name: regarding?.name ?? '',
    firstTime,
    lastTime: series?.lastObservedTime ? wholeSeconds(series.lastObservedTime) : firstTime,
    count: series?.count ?? 1,
  };
};

const wholeSeconds = (time: string): string => `${time.slice(0, 19)}Z`;
