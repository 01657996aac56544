// A session's output as the cluster's API for whole logs serves it; where that is not installed, the tail that its status
// shows. Which of the two is asked of the cluster once, when something is first read.
import type { Clock } from '../../api/clock.ts';
import { errorCode, errorMessage, OperatorError } from '../../api/error.ts';
import { keyString } from '../../api/object.ts';
import type { Session } from '../../api/types.generated.ts';
import type { LogReader } from '../../output/log-store.ts';
import { type Api, ApiError, isStatus, wait } from './request.ts';
import { type TailSource, tailReader } from './tail-reader.ts';

export interface LogReaders {
  of(session: Session, tail: TailSource): LogReader;
}

const GROUP = 'output.berth.dev';
const ROOT = `/apis/${GROUP}/v1alpha1`;
/** Between attempts of a follower whose connection ended: a server that restarts, a leader that changes. */
const PAUSE_MS = 500;
/** How long an API that was there a moment ago may be away: about what a restart of the API server takes. */
const ABSENCE_MS = 60_000;

export const createLogReaders = (api: Api, clock: Clock): LogReaders => {
  let known: { readonly isServed: boolean } | undefined;
  const isServed = async (): Promise<boolean> => {
    known ??= { isServed: await isInstalled(api) };
    return known.isServed;
  };
  return {
    of: (session, source) => {
      const whole = wholeReader(api, clock, session);
      const tail = tailReader(session, source);
      const choose = async (): Promise<LogReader> => ((await isServed()) ? whole : tail);
      return {
        get notice() {
          return known?.isServed === false ? tail.notice : undefined;
        },
        size: async () => (await choose()).size(),
        read: async function* (offset, signal) {
          yield* (await choose()).read(offset, signal);
        },
        follow: async function* (offset, signal, ended) {
          yield* (await choose()).follow(offset, signal, ended);
        },
      };
    },
  };
};

/** Everybody may ask which APIs there are; whoever may not read output is to be told that, and not shown a part of it. */
const isInstalled = async (api: Api): Promise<boolean> => {
  try {
    await api.headers({ doing: 'look for the API for whole logs', path: ROOT });
    return true;
  } catch (error) {
    if (isStatus(error, 404)) return false;
    throw error;
  }
};

const wholeReader = (api: Api, clock: Clock, { metadata }: Session): LogReader => {
  const doing = `read the output of session ${keyString(metadata)}`;
  const path = `${ROOT}/namespaces/${encodeURIComponent(metadata.namespace)}/sessions/${encodeURIComponent(metadata.name)}/log`;
  const size = async (): Promise<number> => {
    const since = clock.monotonic();
    for (;;) {
      try {
        return sizeOf(await api.headers({ doing, path, query: { limit: '0' } }), doing);
      } catch (error) {
        // Nothing of it can be read any more.
        if (isGone(error)) return 0;
        if (!mayPass(error) || clock.monotonic() - since > ABSENCE_MS) throw error;
      }
      await wait(clock, PAUSE_MS);
    }
  };
  const stream = async function* (query: Readonly<Record<string, string>>, signal = new AbortController().signal) {
    const bytes = await api.stream({ doing, path, query, signal });
    try {
      yield* bytes;
    } catch (error) {
      throw new OperatorError('unavailable', `cannot ${doing}: the connection was cut off: ${errorMessage(error)}`, { cause: error });
    }
  };
  return {
    size,
    read: (offset, signal) => stream({ offset: String(offset) }, signal),
    follow: async function* (offset, signal) {
      // Counted in bytes that came: lost ranges in between are known to the server alone.
      let passed = 0;
      while (!signal.aborted) {
        try {
          for await (const bytes of stream({ offset: String(offset), skip: String(passed), follow: 'true' }, signal)) {
            passed += bytes.length;
            yield bytes;
          }
        } catch (error) {
          // Gone: whoever watches the session hears it from there.
          if (signal.aborted || isGone(error)) return;
          if (!mayPass(error)) throw error;
        }
        await wait(clock, PAUSE_MS, signal);
      }
    },
  };
};

const sizeOf = ({ 'berth-log-size': text }: Readonly<Record<string, unknown>>, doing: string): number => {
  if (typeof text === 'string' && /^\d+$/.test(text)) return Number(text);
  throw new OperatorError('invalid', `cannot ${doing}: what ${ROOT} serves there is not Berth's`);
};

/** The session, and not the API: an API server that has just started finds no API behind it for a while. */
const isGone = (error: unknown): boolean => isStatus(error, 404) && error.group === GROUP;

/** Everything that is no refusal: connections that cannot be made, or were cut, and servers that are not ready. */
const mayPass = (error: unknown): boolean => {
  if (error instanceof ApiError) return error.status >= 500 || error.status === 429 || error.status === 404;
  return errorCode(error) === 'unavailable';
};
