// A standby's answer: the leader's, passed through. The leader writes the log, so it alone knows at once when there is more.
// The request was authorized here; that we are a replica is proved by the key of the certificate that all of them serve.
import type { ServerResponse } from 'node:http';
import { request as send } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { errorMessage } from '../api/error.ts';
import type { Credentials } from './credentials.ts';
import { refuse } from './status.ts';

export interface Forwarded {
  /** Of the leader: `HOST:PORT`. */
  readonly address: string;
  /** With the query. */
  readonly path: string;
  readonly credentials: Credentials;
  readonly signal: AbortSignal;
}

const CONNECT_TIMEOUT_MS = 10_000;

export const forward = async (response: ServerResponse, { address, path, credentials, signal }: Forwarded): Promise<void> => {
  const { serving, serverName } = credentials;
  const url = new URL(path, `https://${address}`);
  const answer = Promise.withResolvers<import('node:http').IncomingMessage>();
  const tls = { ca: serving.authorities, cert: serving.certificate, key: serving.key, servername: serverName };
  // A connection of its own: it may stream for hours, and credentials change.
  const request = send(url, { ...tls, agent: false, signal, timeout: CONNECT_TIMEOUT_MS }, answer.resolve);
  request.on('error', answer.reject);
  request.on('timeout', () => request.destroy(new Error(`no answer within ${CONNECT_TIMEOUT_MS / 1000} s`)));
  request.end();
  try {
    const incoming = await answer.promise;
    request.setTimeout(0);
    const { connection: _, 'keep-alive': _alive, 'transfer-encoding': _encoding, ...headers } = incoming.headers;
    response.writeHead(incoming.statusCode ?? 503, headers);
    response.flushHeaders();
    await pipeline(incoming, response);
  } catch (error) {
    if (signal.aborted || response.headersSent) response.destroy();
    else refuse(response, { code: 503, message: `the leading controller at ${address} cannot be reached: ${errorMessage(error)}` });
  }
};
