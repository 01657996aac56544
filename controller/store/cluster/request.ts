// Requests to the API server: JSON in and out, errors as what can be done about them, patience where the server asks for
// it. Knows nothing of kinds.
import { type Dispatcher, request as send } from 'undici';
import type { Clock } from '../../api/clock.ts';
import { type ErrorCode, errorMessage, OperatorError } from '../../api/error.ts';
import type { Connection } from './connect.ts';

export interface Api {
  readonly server: string;
  readonly namespace: string | undefined;
  /** The parsed answer. Throws ApiError for a refusal, `unavailable` where the server cannot be reached. */
  send<T>(request: ApiRequest): Promise<T>;
  /** What is told beside the body, which is thrown away. */
  headers(request: ApiRequest): Promise<Readonly<Record<string, string | readonly string[] | undefined>>>;
  /** The body as it comes, without a limit on how long that takes unless one is given. */
  stream(request: ApiRequest & { readonly signal: AbortSignal }): Promise<AsyncIterable<Uint8Array>>;
  close(): Promise<void>;
}

export interface ApiRequest {
  /** What is being done to what: `cannot ${doing}: …`. */
  readonly doing: string;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** Of the body; JSON unless set. */
  readonly type?: string;
  readonly signal?: AbortSignal;
  /** Of a stream: how long nothing may come. */
  readonly silenceMs?: number;
}

/** A refusal by the API server. */
export class ApiError extends OperatorError {
  readonly status: number;
  /** Of the Status object: `AlreadyExists`, `Expired`, … */
  readonly statusReason: string;
  /** The fields it complains about. */
  readonly fields: readonly string[];
  /** Of what it is about; undefined for answers that are about no object. */
  readonly group: string | undefined;

  constructor(status: number, { reason = '', message = '', details }: Status, doing: string, retryAfterMs?: number) {
    super(
      codeOf(status),
      `cannot ${doing}: ${message || `the API server answered ${status}`}`,
      retryAfterMs === undefined ? {} : { retryAfterMs },
    );
    this.status = status;
    this.statusReason = reason;
    this.fields = (details?.causes ?? []).map(({ field = '' }) => field);
    this.group = details?.group;
  }
}

/** As the API server puts it into answers and into watches. */
export interface Status {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly group?: string;
    readonly causes?: readonly { readonly field?: string }[];
    readonly retryAfterSeconds?: number;
  };
}

export const isStatus = (error: unknown, status: number): error is ApiError => error instanceof ApiError && error.status === status;

export interface ApiOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Told of every answer (`<error>` for none), for metrics. */
  readonly onAnswer?: (method: string, code: string, seconds: number) => void;
}

const TIMEOUT_MS = 30_000;
const TRIES = 5;
const FIRST_PAUSE_MS = 250;
/** A server that wants more patience than that is left to the caller's own back-off. */
const LONGEST_PAUSE_MS = 5_000;

export const createApi = (connection: Connection, options: ApiOptions): Api => {
  const once = async (request: ApiRequest, bodyTimeout: number): Promise<Dispatcher.ResponseData> => {
    const answer = await exchange(connection, request, bodyTimeout, false, options);
    if (answer.statusCode !== 401) return answer;
    // A token that expired before its time: one attempt with a new one.
    await answer.body.dump();
    return exchange(connection, request, bodyTimeout, true, options);
  };
  /** 429 and 503 mean that nothing was done: a new kind answers so for a second after its CRD came. */
  const patiently = async (request: ApiRequest, bodyTimeout: number): Promise<Dispatcher.ResponseData> => {
    for (let tries = 1; ; tries += 1) {
      const answer = await once(request, bodyTimeout);
      if (answer.statusCode < 400) return answer;
      const error = await refusal(answer, request.doing);
      const pause = Math.max(error.retryAfterMs ?? 0, FIRST_PAUSE_MS * 2 ** (tries - 1) * (1 + options.random()));
      const mayPass = error.status === 429 || error.status === 503;
      if (!mayPass || tries === TRIES || pause > LONGEST_PAUSE_MS) throw error;
      await wait(options.clock, pause, request.signal);
      if (request.signal?.aborted) throw error;
    }
  };
  return {
    server: connection.server,
    namespace: connection.namespace,
    send: async <T>(request: ApiRequest) => {
      const { body } = await patiently(request, TIMEOUT_MS);
      try {
        return (await body.json()) as T;
      } catch (error) {
        throw unreachable(request.doing, connection.server, error);
      }
    },
    headers: async (request) => {
      const { headers, body } = await patiently(request, TIMEOUT_MS);
      await body.dump();
      return headers;
    },
    stream: async (request) => (await patiently(request, request.silenceMs ?? 0)).body,
    close: connection.close,
  };
};

/** Resolves after `ms` or with the signal. */
export const wait = (clock: Clock, ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal?.addEventListener('abort', done, { once: true });
  });

const exchange = async (
  connection: Connection,
  { doing, method = 'GET', path, query = {}, body, type = 'application/json', signal }: ApiRequest,
  bodyTimeout: number,
  fresh: boolean,
  { clock, onAnswer }: ApiOptions,
): Promise<Dispatcher.ResponseData> => {
  const { headers, dispatcher } = await connection.credentials(fresh);
  const url = new URL(connection.server + path);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
  const startedAt = clock.monotonic();
  let code = '<error>';
  try {
    const answer = await send(url, {
      dispatcher,
      method,
      headers: { ...headers, accept: 'application/json', ...(body === undefined ? {} : { 'content-type': type }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
      headersTimeout: TIMEOUT_MS,
      bodyTimeout,
    });
    code = String(answer.statusCode);
    return answer;
  } catch (error) {
    throw unreachable(doing, connection.server, error);
  } finally {
    onAnswer?.(method, code, (clock.monotonic() - startedAt) / 1000);
  }
};

const unreachable = (doing: string, server: string, cause: unknown): OperatorError =>
  new OperatorError('unavailable', `cannot ${doing}: the API server ${server} cannot be reached: ${reasonOf(cause)}`, { cause });

/** Node's happy eyeballs wraps what failed, and leaves the message empty. */
const reasonOf = (error: unknown): string =>
  error instanceof AggregateError ? error.errors.map(errorMessage).join('; ') : errorMessage(error) || 'the connection failed';

const refusal = async ({ statusCode, headers, body }: Dispatcher.ResponseData, doing: string): Promise<ApiError> => {
  const text = await body.text().catch(() => '');
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  const status = parseStatus(text);
  const asked = Number.isFinite(seconds) ? seconds : status.details?.retryAfterSeconds;
  return new ApiError(statusCode, status, doing, asked === undefined ? undefined : asked * 1000);
};

const MOST_TEXT = 512;

const parseStatus = (text: string): Status => {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    // Proxies and load balancers answer in words.
    return { message: text.trim().slice(0, MOST_TEXT) };
  }
};

const codeOf = (status: number): ErrorCode => {
  if (status === 409) return 'conflict';
  if (status === 401 || status === 403) return 'denied';
  if ([400, 405, 413, 415, 422].includes(status)) return 'invalid';
  return 'unavailable';
};
