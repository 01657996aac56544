// Every request and what became of it, without what is secret: the authorization and the customData.
import { dig, isObject, type JSONObject, object } from './json.ts';

export interface LoggedRequest {
  readonly number: number;
  /** Told time, ms; `real` is the machine's. */
  readonly at: number;
  readonly real: number;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whose token it came with: a client's id, or `vm:NAME` for a machine's own identity. */
  readonly by?: string;
  readonly body?: unknown;
  /** 0: no answer was sent. */
  readonly status: number;
  readonly code?: string;
  readonly retryAfter?: number;
  readonly answerHeaders: Readonly<Record<string, string>>;
  readonly answer?: unknown;
}

const KEPT = 200_000;

export interface RequestLog {
  add(request: Omit<LoggedRequest, 'number'>): void;
  /** Those after the number given, in order. */
  after(number: number): readonly LoggedRequest[];
}

export const createRequestLog = (): RequestLog => {
  const requests: LoggedRequest[] = [];
  let count = 0;
  return {
    add: (request) => {
      requests.push({ number: ++count, ...request });
      if (requests.length > KEPT) requests.splice(0, KEPT / 10);
    },
    after: (number) => requests.filter((request) => request.number > number),
  };
};

/** A body as it may be shown. */
export const redacted = (body: unknown): unknown => {
  const profile = object(dig(body, 'properties', 'osProfile'));
  if (!isObject(body) || (profile.customData === undefined && profile.adminPassword === undefined)) return body;
  const hidden: JSONObject = { ...profile };
  for (const name of ['customData', 'adminPassword']) if (name in hidden) hidden[name] = 'redacted';
  return { ...body, properties: { ...object(body.properties), osProfile: hidden } };
};
