// Whole logs in a cluster (SPEC 4): an API server behind the cluster's own, over TLS, so that who may read a session's output
// is RBAC. Each replica serves it; the output itself is the leader's.
import { constants } from 'node:crypto';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { errorMessage, OperatorError } from '../api/error.ts';
import { type AnswerParts, answer } from './answer.ts';
import { type CredentialsOptions, keepCredentials } from './credentials.ts';
import { refuse } from './status.ts';

export interface LogApiOptions extends CredentialsOptions, Pick<AnswerParts, 'sessions' | 'leadership' | 'openLog'> {
  /** All addresses of the machine unless set. */
  readonly host: string | undefined;
  /** 0 = any free one. */
  readonly port: number;
}

export interface RunningLogApi {
  readonly port: number;
  /** Why nothing can be served; undefined when it can. */
  problem(): string | undefined;
  /** Cuts off what streams: whoever follows goes on with another replica. */
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;
const LIMITS = {
  headersTimeout: TIMEOUT_MS,
  requestTimeout: TIMEOUT_MS,
  handshakeTimeout: TIMEOUT_MS,
  keepAliveTimeout: 60_000,
  // As much as the API server takes itself: a user may be in hundreds of groups.
  maxHeaderSize: 1 << 20,
};
/** One a reader; each may hold a file and a watch. */
const MOST_CONNECTIONS = 1000;

export const startLogApi = async (options: LogApiOptions): Promise<RunningLogApi> => {
  const closing = new AbortController();
  const secure: ServerOptions = {
    minVersion: 'TLSv1.2',
    requestCert: true,
    // Who shows none, or a wrong one, is told so in words.
    rejectUnauthorized: false,
    // A session that is taken up again would be believed by what was known when it began.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
  const credentials = keepCredentials(options, ({ trust, serving }) => {
    server.setSecureContext({ ...secure, ca: trust.ca, cert: serving.certificate, key: serving.key });
    // Who is connected was believed by what was known before.
    server.closeIdleConnections();
  });
  const parts: AnswerParts = { ...options, credentials: () => credentials.current, onStranger: credentials.hurry, closing: closing.signal };
  const server = createServer({ ...secure, ...LIMITS }, (request, response) => {
    answer(request, response, parts).catch((error: unknown) => {
      if (!(error instanceof OperatorError && error.code === 'unavailable'))
        options.log.error({ path: request.url, error }, 'Failed to answer a request for output');
      if (response.headersSent) response.destroy();
      else refuse(response, { code: 503, message: errorMessage(error) });
    });
  });
  server.maxConnections = MOST_CONNECTIONS;
  // A header each group; their size is limited.
  server.maxHeadersCount = 0;
  const port = await listen(server, options);
  void credentials.refresh();
  return {
    port,
    problem: credentials.problem,
    close: async () => {
      await credentials.stop();
      const closed = new Promise((resolve) => server.close(resolve));
      closing.abort();
      server.closeAllConnections();
      await closed;
    },
  };
};

const listen = (server: Server, { host, port }: LogApiOptions): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new OperatorError('invalid', `cannot serve the log API on ${host ?? ''}:${port}: ${errorMessage(cause)}`, { cause }));
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
