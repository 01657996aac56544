// What a request gets, step by step: who asks, what for, may they, is there such a session, and who of us has its output.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { LogName, LogReader } from '../output/log-store.ts';
import type { Api } from '../store/cluster/request.ts';
import { whyForbidden } from './authorize.ts';
import type { Credentials } from './credentials.ts';
import { discoveryDocument } from './discovery.ts';
import { forward } from './forward.ts';
import { type Caller, identify, type Peer } from './identify.ts';
import { type LogRequest, parseLogRequest } from './log-request.ts';
import { sendLog } from './send-log.ts';
import type { Sessions } from './sessions.ts';
import { type Refusal, refuse, sendJSON } from './status.ts';

/** Which of the replicas writes the logs. */
export interface Leadership {
  readonly isOurs: boolean;
  /** `HOST:PORT` of the leader's log API; undefined while nobody leads, or the leader serves none. */
  address(): Promise<string | undefined>;
}

export interface AnswerParts {
  readonly api: Api;
  readonly sessions: Sessions;
  readonly leadership: Leadership;
  readonly openLog: (log: LogName) => LogReader;
  readonly credentials: () => Credentials | undefined;
  /** Told of a certificate that we do not believe: we may be behind. */
  readonly onStranger: () => void;
  /** Aborts when the server stops. */
  readonly closing: AbortSignal;
}

const HEALTH = new Set(['/healthz', '/livez', '/readyz']);

export const answer = async (request: IncomingMessage, response: ServerResponse, parts: AnswerParts): Promise<void> => {
  if (!URL.canParse(request.url ?? '', 'https://localhost')) return refuse(response, { code: 400, message: 'bad request' });
  const url = new URL(request.url ?? '', 'https://localhost');
  const credentials = parts.credentials();
  if (credentials === undefined) return refuse(response, { code: 503, message: 'not ready to serve yet' });
  if (HEALTH.has(url.pathname)) {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
    return;
  }
  const caller = identify(peerOf(request.socket as TLSSocket), request.headersDistinct, credentials.trust, credentials.own);
  if (caller.type === 'unknown') {
    parts.onStranger();
    return refuse(response, { code: 401, message: `Unauthorized: ${caller.why}` });
  }
  if (request.method !== 'GET') return refuse(response, { code: 405, message: 'only GET is answered' });
  const document = discoveryDocument(url.pathname);
  if (document !== undefined) return sendJSON(response, 200, document);
  const asked = parseLogRequest(url);
  if ('code' in asked) return refuse(response, asked);
  const refusal = await whyRefused(caller, asked, parts);
  if (refusal !== undefined) return refuse(response, refusal);
  await answerLog(response, asked, { ...parts, caller, path: url.pathname + url.search, forwarding: credentials });
};

const whyRefused = async (caller: Caller, { key }: LogRequest, { api, sessions }: AnswerParts): Promise<Refusal | undefined> => {
  if (caller.type === 'user') {
    const forbidden = await whyForbidden(api, caller.user, key);
    if (forbidden !== undefined) return { code: 403, message: forbidden, session: key.name };
  }
  return sessions.isSynced ? undefined : { code: 503, message: 'not all sessions are known yet', session: key.name };
};

const answerLog = async (
  response: ServerResponse,
  asked: LogRequest,
  parts: AnswerParts & { readonly caller: Caller; readonly path: string; readonly forwarding: Credentials },
): Promise<void> => {
  const { sessions, leadership, caller, closing, forwarding } = parts;
  const { name } = asked.key;
  const session = await sessions.find(asked.key);
  if (session === undefined) return refuse(response, { code: 404, message: `sessions.berth.dev "${name}" not found`, session: name });
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, closing]);
  if (leadership.isOurs) {
    const { namespace, uid } = session.metadata;
    return sendLog(asked, response, { session, reader: parts.openLog({ namespace, name, uid }), sessions, signal });
  }
  const address = caller.type === 'replica' ? undefined : await leadership.address();
  if (address === undefined)
    return refuse(response, { code: 503, message: 'no controller leads at the moment: nobody has the output', session: name });
  await forward(response, { address, path: parts.path, credentials: forwarding, signal });
};

const peerOf = (socket: TLSSocket): Peer => {
  const { subject, fingerprint256 } = socket.getPeerCertificate() as Partial<ReturnType<TLSSocket['getPeerCertificate']>>;
  const name = subject?.CN as string | readonly string[] | undefined;
  return { isTrusted: socket.authorized, commonName: typeof name === 'string' ? name : name?.[0], fingerprint: fingerprint256 };
};
