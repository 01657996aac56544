// Sends a session's output as it lies on disk, no faster than it is read: nothing piles up for a slow reader.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Session } from '../api/types.generated.ts';
import type { LogReader } from '../output/log-store.ts';
import type { LogRequest } from './log-request.ts';
import type { Sessions } from './sessions.ts';
import { refuse } from './status.ts';

export interface SendOptions {
  readonly session: Session;
  readonly reader: LogReader;
  readonly sessions: Sessions;
  /** Aborts when the reader has gone, or we are about to. */
  readonly signal: AbortSignal;
}

/** Ends the response whole; where `signal` came first it is cut off, so that nobody takes it for the end. */
export const sendLog = async (request: LogRequest, response: ServerResponse, options: SendOptions): Promise<void> => {
  const { session, reader, sessions, signal } = options;
  const { offset, skip, limit, follow } = request;
  const size = await reader.size();
  if (offset > size) {
    const message = `offset ${offset} is past the end: the output of session ${session.metadata.name} has ${size} bytes`;
    return refuse(response, { code: 416, message, session: session.metadata.name });
  }
  response.writeHead(200, {
    'content-type': 'text/plain',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'berth-log-size': String(size),
  });
  // A session may be silent for hours, and whoever follows it wants to know at once that it is followed.
  response.flushHeaders();
  const end = follow ? sessions.untilEnd(session) : undefined;
  try {
    const bytes = end === undefined ? reader.read(offset, signal) : reader.follow(offset, signal, end.ended);
    await copy(part(bytes, skip, limit), response, signal);
  } finally {
    end?.stop();
  }
  if (signal.aborted) response.destroy();
  else response.end();
};

/** All but the first `skip` bytes, and at most `limit` of them. */
async function* part(chunks: AsyncIterable<Uint8Array>, skip: number, limit: number | undefined): AsyncGenerator<Uint8Array> {
  let passed = 0;
  let left = limit ?? Number.POSITIVE_INFINITY;
  if (left === 0) return;
  for await (const chunk of chunks) {
    const wanted = chunk.subarray(Math.min(chunk.length, Math.max(0, skip - passed)));
    passed += chunk.length;
    if (wanted.length > 0) yield wanted.subarray(0, Math.min(left, wanted.length));
    left -= wanted.length;
    if (left <= 0) return;
  }
}

const copy = async (chunks: AsyncIterable<Uint8Array>, response: ServerResponse, signal: AbortSignal): Promise<void> => {
  for await (const chunk of chunks) {
    if (signal.aborted) return;
    if (!response.write(chunk)) await once(response, 'drain', { signal }).catch(() => undefined);
  }
};
