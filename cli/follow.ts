// A session's output as it is written, from an offset to the session's end.
import { setTimeout as delay } from 'node:timers/promises';
import { keyString } from '../controller/api/object.ts';
import type { Session } from '../controller/api/types.generated.ts';
import type { LogReader } from '../controller/output/log-store.ts';
import type { Client } from '../controller/store/client.ts';
import { lastLinesStart } from './render/output.ts';
import { isFinished } from './session.ts';
import { type WaitOptions, waitUntil } from './world.ts';

export interface FollowOptions {
  readonly offset: number;
  /** Resolves once the bytes were taken: a slow reader slows us, nothing piles up. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  readonly interrupted: AbortSignal;
  readonly beside: NonNullable<WaitOptions['beside']>;
}

/** Resolves once everything durable was written, with the session as it ended; undefined when it was deleted meanwhile. */
export const followOutput = async (client: Client, session: Session, options: FollowOptions): Promise<Session | undefined> => {
  const stop = new AbortController();
  const copy = startCopy(client.log(session), options, stop.signal);
  try {
    const last = await Promise.race([untilFinished(client, session, options), copy.failed]);
    await copy.reach(await client.log(session).size(), last.session?.status?.output?.truncated ?? false);
    return last.session;
  } finally {
    stop.abort();
    await copy.done;
  }
};

/** A bytes hole (a rolling log) is passed over in silence: its end is known only by nothing coming any more. */
const QUIET_MS = 300;

interface Copy {
  reach(goal: number, hasHoles: boolean): Promise<void>;
  readonly failed: Promise<never>;
  readonly done: Promise<void>;
}

const startCopy = (log: LogReader, { offset, write }: FollowOptions, signal: AbortSignal): Copy => {
  let at = offset;
  let idle = true;
  const reached = new Set<() => void>();
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  const done = (async () => {
    for await (const bytes of log.follow(offset, signal)) {
      idle = false;
      await write(bytes);
      at += bytes.length;
      idle = true;
      for (const check of reached) check();
    }
  })().catch((error: unknown) => failure.reject(error));
  const reach = async (goal: number, hasHoles: boolean): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = (): void => (at >= goal ? resolve() : undefined);
    reached.add(check);
    check();
    await Promise.race([promise, failure.promise, done, ...(hasHoles ? [untilQuiet(() => (idle ? at : undefined))] : [])]);
  };
  return { reach, failed: failure.promise, done };
};

const untilQuiet = async (position: () => number | undefined): Promise<void> => {
  for (let before = position(); ; before = position()) {
    await delay(QUIET_MS);
    if (before !== undefined && before === position()) return;
  }
};

const untilFinished = async (
  client: Client,
  session: Session,
  { interrupted, beside }: FollowOptions,
): Promise<{ readonly session: Session | undefined }> => {
  if (isFinished(session)) return { session };
  const key = keyString(session.metadata);
  const ended = await waitUntil(
    client,
    ({ sessions }) => {
      const now = sessions.get(key);
      if (now?.metadata.uid !== session.metadata.uid) return { session: undefined };
      return isFinished(now) ? { session: now } : undefined;
    },
    { interrupted, beside },
  );
  return ended ?? { session: undefined };
};

const FIRST_WINDOW = 64 * 1024;

/** The last `lines` lines before `end`, and where they begin: read backwards in growing windows, exact while more is written. */
export const readTail = async (log: LogReader, end: number, lines: number): Promise<Uint8Array> => {
  let bytes = Buffer.alloc(0);
  for (let window = FIRST_WINDOW; ; window *= 8) {
    const from = Math.max(0, end - window);
    bytes = Buffer.concat([await readRange(log, from, end - bytes.length), bytes]);
    const start = lastLinesStart(bytes, lines);
    if (start !== undefined) return bytes.subarray(start);
    if (from === 0) return bytes;
  }
};

const readRange = async (log: LogReader, from: number, to: number): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  let missing = to - from;
  for await (const chunk of log.read(from)) {
    chunks.push(chunk.subarray(0, missing));
    missing -= chunk.length;
    if (missing <= 0) break;
  }
  return Buffer.concat(chunks);
};
