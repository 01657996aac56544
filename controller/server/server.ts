// The operator's HTTP server: /healthz, /readyz and /metrics, on the loopback unless told otherwise. What they say comes
// from runtime/health.ts and runtime/metrics.ts; other paths are added as routes.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../api/clock.ts';
import { errorMessage, OperatorError } from '../api/error.ts';
import type { CheckResult, Health } from '../runtime/health.ts';
import type { Logger } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';

export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Answers GET and HEAD at one exact path. */
export type Route = (url: URL) => Reply | Promise<Reply>;

export interface ServerOptions {
  readonly host?: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly routes: Readonly<Record<string, Route>>;
}

export interface RunningServer {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  /** Takes no new requests, lets those that run be answered, and closes idle connections. */
  close(): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 5_000;

export const startServer = async ({ host = '127.0.0.1', port, clock, log, routes }: ServerOptions): Promise<RunningServer> => {
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const reply = await answer(request, routes).catch((error: unknown): Reply => {
      log.error({ path: request.url, error }, 'Failed to answer a request');
      return text(500, 'internal error');
    });
    // Kept alive, the connection would hold up close() until it times out.
    response.shouldKeepAlive &&= server.listening;
    send(response, reply, request.method === 'HEAD');
  };
  const limits = { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: HEADERS_TIMEOUT_MS };
  const server = createServer(limits, (request, response) => void respond(request, response));
  await listen(server, host, port);
  const { address, family, port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    close: () => close(server, clock),
  };
};

export const healthRoutes = (health: Health): Readonly<Record<string, Route>> => ({
  '/healthz': () => report(health.live()),
  '/readyz': () => report(health.ready()),
});

export const metricsRoutes = (metrics: Metrics): Readonly<Record<string, Route>> => ({
  '/metrics': async () => ({ status: 200, type: metrics.contentType, body: await metrics.render() }),
});

/** One line a check, as Kubernetes' own `?verbose` answers: `[+]` for what is well, `[-]` for what is not and why. */
const report = (results: readonly CheckResult[]): Reply => {
  const lines = results.map(({ name, problem }) => (problem === undefined ? `[+]${name} ok` : `[-]${name} failed: ${problem}`));
  const failed = results.some(({ problem }) => problem !== undefined);
  return text(failed ? 503 : 200, [...lines, failed ? 'failed' : 'ok'].join('\n'));
};

const text = (status: number, body: string): Reply => ({ status, type: 'text/plain; charset=utf-8', body: `${body}\n` });

const answer = async (request: IncomingMessage, routes: Readonly<Record<string, Route>>): Promise<Reply> => {
  if (!URL.canParse(request.url ?? '', 'http://localhost')) return text(400, 'bad request');
  const url = new URL(request.url ?? '', 'http://localhost');
  const route = Object.hasOwn(routes, url.pathname) ? routes[url.pathname] : undefined;
  if (route === undefined) return text(404, 'not found');
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'only GET and HEAD are answered');
  return route(url);
};

const send = (response: ServerResponse, { status, type, body }: Reply, headOnly: boolean): void => {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(headOnly ? undefined : body);
};

const listen = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new OperatorError('invalid', `cannot listen on ${host}:${port}: ${errorMessage(error)}`, { cause: error }));
    });
    server.listen(port, host, resolve);
  });

const close = (server: Server, clock: Clock): Promise<void> =>
  new Promise((resolve) => {
    // A client that does not read its answer must not hold up the end of the process.
    const cancel = clock.after(CLOSE_TIMEOUT_MS, () => server.closeAllConnections());
    server.close(() => {
      cancel();
      resolve();
    });
    server.closeIdleConnections();
  });
