// What the store knows of one log without reading it: size, counts and the raw tail, kept up to date append by append.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { type Beginning, type LogIndex, logFile, makeLogFolder, readIndex, syncFolder, writeIndex } from './log-files.ts';
import type { LogSummary } from './log-store.ts';
import { NOTHING_SCANNED, type PullRequestScan, pullRequestURL, scanForPullRequest } from './pull-request.ts';
import { RAW_TAIL_BYTES, readableTail } from './tail.ts';

const CHUNK_BYTES = 1 << 20;
/** At most so much is counted again after a restart. */
const INDEX_EVERY_BYTES = 8 << 20;

export interface LogState {
  readonly bytes: number;
  readonly newlines: number;
  readonly holes: LogIndex['holes'];
  readonly begun: Beginning;
  readonly scan: PullRequestScan;
  /** The last bytes as written; shorter than the whole log unless it holds all of it. */
  readonly tail: Uint8Array;
  /** How far the index on disk counts. */
  readonly indexed: number;
}

const NO_LOG: LogState = {
  bytes: 0,
  newlines: 0,
  holes: [],
  begun: { attempt: 1, offset: 0 },
  scan: NOTHING_SCANNED,
  tail: new Uint8Array(0),
  indexed: 0,
};

export const loadState = async (folder: string): Promise<LogState> => {
  const index = await readIndex(folder);
  const file = await open(logFile(folder), 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  const begun = index.begun ?? NO_LOG.begun;
  if (file === undefined) return { ...NO_LOG, bytes: holesEnd(index), holes: index.holes, begun };
  try {
    const { size } = await file.stat();
    // Counted bytes may be missing after a power cut: then the count is of no use. A hole needs none, and ends the tail.
    const intact = index.bytes <= size ? index : { ...index, bytes: 0, newlines: 0 };
    const counted = { ...intact, bytes: Math.max(intact.bytes, holesEnd(index)) };
    // The tail lies before what is to be counted, too.
    const from = Math.max(0, holesEnd(index), Math.min(counted.bytes, size - RAW_TAIL_BYTES));
    let state: LogState = { ...NO_LOG, ...counted, begun, bytes: from, indexed: counted.bytes, scan: scanOf(index) };
    for (let at = from; at < size; ) {
      // A chunk ends where the counting begins, so that nothing is counted twice.
      const end = at < counted.bytes ? counted.bytes : Math.min(size, at + CHUNK_BYTES);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(end - at), 0, end - at, at);
      if (bytesRead === 0) break;
      const next = grow(state, buffer.subarray(0, bytesRead));
      state = at < counted.bytes ? { ...next, newlines: counted.newlines } : next;
      at += bytesRead;
    }
    // A failed append may have left bytes that are not on disk yet; from here on they count as durable.
    await file.datasync();
    return { ...state, bytes: Math.max(state.bytes, holesEnd(index)) };
  } finally {
    await file.close();
  }
};

/** Resolves once the bytes are on disk. */
export const appendTo = async (folder: string, state: LogState, bytes: Uint8Array): Promise<LogState> => {
  if (state.bytes === 0) await makeLogFolder(folder);
  const file = await open(logFile(folder), constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, state.bytes + done);
      done += bytesWritten;
    }
    await file.datasync();
  } finally {
    await file.close();
  }
  if (state.bytes === 0) await syncFolder(folder);
  const grown = grow(state, bytes);
  return grown.bytes - grown.indexed < INDEX_EVERY_BYTES ? grown : saveIndex(folder, grown);
};

export const skipTo = async (folder: string, state: LogState, to: number): Promise<LogState> => {
  await makeLogFolder(folder);
  const scan = { ...state.scan, carry: new Uint8Array(0) };
  const holes = [...state.holes, [state.bytes, to] as const];
  return saveIndex(folder, { ...state, scan, holes, tail: new Uint8Array(0), bytes: to }, state.bytes);
};

/** Resolves once it is on disk. */
export const beginAttempt = async (folder: string, state: LogState, attempt: number): Promise<LogState> => {
  await makeLogFolder(folder);
  const [from, to] = state.holes.at(-1) ?? [];
  return saveIndex(folder, { ...state, begun: { attempt, offset: state.bytes } }, to === state.bytes ? from : state.bytes);
};

export const summarize = (state: LogState): LogSummary => {
  const url = pullRequestURL(state.scan);
  const unfinished = state.tail.length > 0 && state.tail.at(-1) !== 10;
  return {
    bytes: state.bytes,
    lines: state.newlines + (unfinished ? 1 : 0),
    truncated: state.holes.length > 0,
    tail: readableTail(state.tail, state.tail.length < state.bytes),
    ...(url === undefined ? {} : { pullRequestURL: url }),
  };
};

/** `counted`: the bytes that are in the file, where a hole at the end is not. */
const saveIndex = async (folder: string, state: LogState, counted = state.bytes): Promise<LogState> => {
  const { newlines, holes, begun } = state;
  const { ready, last } = state.scan;
  await writeIndex(folder, { bytes: counted, newlines, holes, begun, ...(ready ? { ready } : {}), ...(last ? { last } : {}) });
  return { ...state, indexed: counted };
};

const grow = (state: LogState, bytes: Uint8Array): LogState => ({
  ...state,
  bytes: state.bytes + bytes.length,
  newlines: state.newlines + countNewlines(bytes),
  scan: scanForPullRequest(state.scan, bytes),
  tail: lastOf(state.tail, bytes),
});

const lastOf = (tail: Uint8Array, bytes: Uint8Array): Uint8Array =>
  bytes.length >= RAW_TAIL_BYTES
    ? Uint8Array.from(bytes.subarray(-RAW_TAIL_BYTES))
    : Uint8Array.from(Buffer.concat([tail, bytes]).subarray(-RAW_TAIL_BYTES));

const countNewlines = (bytes: Uint8Array): number => {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++;
  return count;
};

const scanOf = ({ ready, last }: LogIndex): PullRequestScan => ({
  ...NOTHING_SCANNED,
  ...(ready ? { ready } : {}),
  ...(last ? { last } : {}),
});

const holesEnd = (index: LogIndex): number => index.holes.at(-1)?.[1] ?? 0;
