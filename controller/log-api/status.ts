// Answers in the API server's own form: a Status object, which kubectl and every client library turn into an error.
import type { ServerResponse } from 'node:http';

export interface Refusal {
  readonly code: 400 | 401 | 403 | 404 | 405 | 416 | 500 | 503;
  readonly message: string;
  /** Of what the request was about, where it was about one session. */
  readonly session?: string;
}

const REASONS: Readonly<Record<Refusal['code'], string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  416: 'BadRequest',
  500: 'InternalError',
  503: 'ServiceUnavailable',
};

export const OUTPUT_GROUP = 'output.berth.dev';

export const sendJSON = (response: ServerResponse, code: number, body: object): void => {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(code, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // Both pass: a lease that is being taken over, a cache that is being filled.
    ...(code === 503 ? { 'retry-after': '1' } : {}),
  });
  response.end(text);
};

export const refuse = (response: ServerResponse, { code, message, session }: Refusal): void => {
  const details = session === undefined ? {} : { details: { group: OUTPUT_GROUP, kind: 'sessions', name: session } };
  sendJSON(response, code, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: REASONS[code],
    ...details,
    code,
  });
};
