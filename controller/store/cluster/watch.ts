// List and watch of one kind that never ends by itself: one loop, one connection at a time, whatever the server and what
// lies between do to it. What to do next is watch-state.ts's; here it is done.
import type { Clock } from '../../api/clock.ts';
import { errorMessage, OperatorError } from '../../api/error.ts';
import { type Kind, type Kinds, keyOf, keyString, type ObjectKey, parseKey } from '../../api/object.ts';
import type { Change } from '../store.ts';
import { readItems } from './list-items.ts';
import { type Api, ApiError, wait } from './request.ts';
import { collectionPath, objectOf } from './resources.ts';
import { readEvents, type WatchEvent } from './watch-events.ts';
import { afterwards, type Ended, FIRST_STATE, type WatchState } from './watch-state.ts';

export interface WatchOptions {
  readonly api: Api;
  readonly clock: Clock;
  readonly random: () => number;
  /** Only this one; all unless set. */
  readonly namespace?: string | undefined;
  /** Told of everything that breaks. What it throws ends the watch. */
  readonly onError?: (error: unknown) => void;
}

const PAGE = 500;
/** Bookmarks come about every minute: silence for longer is a dead connection. */
const SILENCE_MS = 70_000;
const SHORTEST_WATCH_S = 300;
const LIST_SILENCE_MS = 30_000;

export async function* listWatch<K extends Kind>(kind: K, options: WatchOptions, signal: AbortSignal): AsyncGenerator<Change<K>> {
  const told = createTold<K>();
  let state = FIRST_STATE;
  let isSynced = false;
  while (!signal.aborted) {
    const steps = state.step === 'list' ? listAll(kind, options, told, signal) : follow(kind, state, options, told, signal);
    let step = await steps.next();
    for (; !step.done; step = await steps.next()) {
      if (step.value.type !== 'synced') yield step.value;
      else if (!isSynced) {
        isSynced = true;
        yield step.value;
      }
      if (signal.aborted) {
        await steps.return({ how: 'refused' });
        return;
      }
    }
    const next = afterwards(state, step.value);
    state = next.state;
    if (next.pauseMs > 0) await wait(options.clock, next.pauseMs * (1 + options.random()), signal);
  }
}

type Steps<K extends Kind> = AsyncGenerator<Change<K>, Ended>;

/** Pages of one and the same version; what the reader was told of and is in none of them is gone. */
async function* listAll<K extends Kind>(
  kind: K,
  { api, clock, namespace, onError }: WatchOptions,
  told: Told<K>,
  signal: AbortSignal,
): Steps<K> {
  const startedAt = clock.monotonic();
  const seen = new Set<string>();
  // Who knows nothing yet may begin with what the server has at hand, as client-go does; later that could be a step back.
  const first = told.isEmpty ? { resourceVersion: '0' } : {};
  let next: string | undefined;
  let version = '';
  try {
    do {
      const query = { limit: String(PAGE), ...(next === undefined ? first : { continue: next }) };
      const request = { doing: `list ${kind} objects`, path: collectionPath(kind, namespace), query, signal, silenceMs: LIST_SILENCE_MS };
      const items = readItems(await api.stream(request));
      let item = await items.next();
      for (; !item.done; item = await items.next()) yield* told.put(objectOf(kind, item.value), seen);
      version = item.value.resourceVersion;
      next = item.value.continue || undefined;
    } while (next !== undefined);
  } catch (error) {
    return endedBy(error, { version: '', lastedMs: clock.monotonic() - startedAt, hadNews: false }, signal, onError);
  }
  yield* told.keepOnly(seen);
  yield { type: 'synced' };
  return { how: 'listed', version };
}

async function* follow<K extends Kind>(kind: K, state: WatchState, options: WatchOptions, told: Told<K>, signal: AbortSignal): Steps<K> {
  const { clock, onError } = options;
  const startedAt = clock.monotonic();
  const line = openLine(clock, signal);
  const progress: Progress = { version: state.version, hadNews: false, seen: state.step === 'stream' ? new Set() : undefined };
  const facts = () => ({ version: progress.version, lastedMs: clock.monotonic() - startedAt, hadNews: progress.hadNews });
  try {
    for await (const event of readEvents(await openStream(kind, state, options, line.signal))) {
      line.heard();
      yield* deliver(kind, event, progress, told);
      line.heard();
    }
  } catch (error) {
    if (state.step === 'stream' && !progress.hadNews && isRefusal(error)) return { how: 'refused' };
    return endedBy(line.silent ? silence(kind) : error, facts(), signal, onError);
  } finally {
    line.close();
  }
  return { how: 'closed', ...facts() };
}

interface Progress {
  version: string;
  hadNews: boolean;
  /** While what exists still streams in, and there is no version to go on from. */
  seen: Set<string> | undefined;
}

function* deliver<K extends Kind>(kind: K, event: WatchEvent, progress: Progress, told: Told<K>): Generator<Change<K>> {
  if (event.type === 'ERROR') throw streamError(kind, event);
  progress.hadNews = true;
  const object = objectOf(kind, event.object);
  if (event.type === 'DELETED') yield* told.gone(keyOf(object), object.metadata.uid);
  else if (event.type !== 'BOOKMARK') yield* told.put(object, progress.seen);
  if (progress.seen !== undefined && isInitialEnd(event)) {
    yield* told.keepOnly(progress.seen);
    progress.seen = undefined;
    yield { type: 'synced' };
  }
  if (progress.seen === undefined) progress.version = object.metadata.resourceVersion;
}

const openStream = (kind: Kind, { step, version }: WatchState, { api, random, namespace }: WatchOptions, signal: AbortSignal) => {
  const initial = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' };
  const query = {
    watch: 'true',
    allowWatchBookmarks: 'true',
    // Spread, so that many controllers' watches do not end together.
    timeoutSeconds: String(Math.floor(SHORTEST_WATCH_S * (1 + random()))),
    ...(step === 'stream' ? initial : { resourceVersion: version }),
  };
  return api.stream({ doing: `watch ${kind} objects`, path: collectionPath(kind, namespace), query, signal });
};

const isInitialEnd = ({ type, object }: WatchEvent): boolean =>
  type === 'BOOKMARK' && object.metadata?.annotations?.['k8s.io/initial-events-end'] === 'true';

const streamError = (kind: Kind, { object }: WatchEvent): ApiError => new ApiError(object.code ?? 500, object, `watch ${kind} objects`);

/**
 * Old servers answer 400 or 422, those without what it takes (etcd before 3.4.25) begin the stream and put a 500 into it.
 * What stands in the way of a list as well is no refusal.
 */
const isRefusal = (error: unknown): boolean => error instanceof ApiError && ![401, 403, 404, 410, 429, 503].includes(error.status);

const silence = (kind: Kind): OperatorError =>
  new OperatorError('unavailable', `cannot watch ${kind} objects: nothing was heard for ${SILENCE_MS / 1000} s`);

const endedBy = (
  error: unknown,
  facts: { readonly version: string; readonly lastedMs: number; readonly hadNews: boolean },
  signal: AbortSignal,
  onError: WatchOptions['onError'],
): Ended => {
  if (signal.aborted) return { how: 'closed', ...facts };
  if (error instanceof ApiError && (error.status === 410 || error.statusReason === 'Expired' || error.statusReason === 'Gone'))
    return { how: 'expired' };
  onError?.(
    error instanceof OperatorError
      ? error
      : new OperatorError('unavailable', `a watch was cut off: ${errorMessage(error)}`, { cause: error }),
  );
  return { how: 'closed', ...facts, ...(error instanceof OperatorError && error.retryAfterMs ? { askedMs: error.retryAfterMs } : {}) };
};

/** Ends the connection with the outer signal, or when nothing was heard on it for too long. */
const openLine = (clock: Clock, outer: AbortSignal) => {
  const line = new AbortController();
  const onAbort = (): void => line.abort();
  outer.addEventListener('abort', onAbort, { once: true });
  let heardAt = clock.monotonic();
  let isSilent = false;
  let cancel: () => void = () => undefined;
  const listen = (ms: number): void => {
    cancel = clock.after(ms, () => {
      const left = SILENCE_MS - (clock.monotonic() - heardAt);
      if (left > 0) return listen(left);
      isSilent = true;
      line.abort();
    });
  };
  listen(SILENCE_MS);
  return {
    signal: line.signal,
    get silent() {
      return isSilent;
    },
    heard: () => {
      heardAt = clock.monotonic();
    },
    close: () => {
      cancel();
      outer.removeEventListener('abort', onAbort);
      line.abort();
    },
  };
};

interface Told<K extends Kind> {
  readonly isEmpty: boolean;
  put(object: Kinds[K], seen?: Set<string>): Iterable<Change<K>>;
  gone(key: ObjectKey, uid: string): Iterable<Change<K>>;
  /** Everything else is gone: how deletions that nobody saw are made good. */
  keepOnly(seen: ReadonlySet<string>): Iterable<Change<K>>;
}

/** The incarnations the reader knows of, so that the end of each is told. */
const createTold = <K extends Kind>(): Told<K> => {
  const uids = new Map<string, string>();
  const told: Told<K> = {
    get isEmpty() {
      return uids.size === 0;
    },
    *put(object, seen) {
      const id = keyString(object.metadata);
      const before = uids.get(id);
      if (before !== undefined && before !== object.metadata.uid) yield { type: 'gone', key: keyOf(object), uid: before };
      uids.set(id, object.metadata.uid);
      seen?.add(id);
      yield { type: 'put', object };
    },
    *gone(key, uid) {
      if (uids.get(keyString(key)) === uid) uids.delete(keyString(key));
      yield { type: 'gone', key, uid };
    },
    *keepOnly(seen) {
      for (const [id, uid] of uids) if (!seen.has(id)) yield* told.gone(parseKey(id), uid);
    },
  };
  return told;
};
