// Reads what the stream of a VM says: a JSON line each, a `log` line followed by exactly as many raw bytes.
import { OperatorError } from '../api/error.ts';
import type { RunExit, RunFacts } from './host.ts';

/** What the VM itself knows of a run. */
export type VMRun = Omit<RunFacts, 'copied'> & { readonly exit?: RunExit };

export type Frame =
  | { readonly t: 'run'; readonly run: string; readonly facts: VMRun }
  | { readonly t: 'gone'; readonly run: string }
  | { readonly t: 'hole'; readonly run: string; readonly to: number }
  | { readonly t: 'log'; readonly run: string; readonly offset: number; readonly bytes: number; readonly data: Uint8Array }
  | { readonly t: 'synced' }
  | { readonly t: 'beat' };

const HEADER_BYTES = 1 << 20;

/** Bytes of a log are handed on as they come, uncopied: what the VM sent as one `log` may become several. */
export async function* readFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  let buffered: Buffer = Buffer.alloc(0);
  /** Of this log, so many bytes are still to come. */
  let log: LogFrame | undefined;
  for await (const chunk of chunks) {
    buffered = buffered.length === 0 ? bytesOf(chunk) : Buffer.concat([buffered, chunk]);
    while (buffered.length > 0) {
      const taken: Taken | undefined = log === undefined ? takeHeader(buffered) : takeData(log, buffered);
      if (taken === undefined) break;
      buffered = buffered.subarray(taken.length);
      log = taken.log;
      if (taken.frame) yield taken.frame;
    }
  }
}

type LogFrame = Extract<Frame, { t: 'log' }>;

interface Taken {
  readonly length: number;
  readonly frame?: Frame;
  readonly log?: LogFrame;
}

/** Undefined while the line is not all there. */
const takeHeader = (buffered: Buffer): Taken | undefined => {
  const newline = buffered.indexOf(10);
  if (newline < 0 && buffered.length > HEADER_BYTES) throw malformed();
  if (newline < 0) return undefined;
  const header = parseHeader(buffered.subarray(0, newline).toString());
  return { length: newline + 1, ...(header.t === 'log' ? { log: header } : { frame: header }) };
};

const takeData = (log: LogFrame, buffered: Buffer): Taken => {
  const data = buffered.subarray(0, log.bytes);
  const frame = { ...log, bytes: data.length, data };
  const rest = log.bytes - data.length;
  return { length: data.length, frame, ...(rest > 0 ? { log: { ...log, offset: log.offset + data.length, bytes: rest } } : {}) };
};

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer => Buffer.from(buffer, byteOffset, byteLength);

const parseHeader = (line: string): Frame => {
  try {
    const header: unknown = JSON.parse(line);
    // The other end is our own program, delivered by content hash: its frames have the declared shape.
    if (typeof header === 'object' && header !== null && 't' in header) return header as Frame;
  } catch {
    // said below
  }
  throw malformed();
};

const malformed = (): OperatorError => new OperatorError('unavailable', 'the VM sent something that is not a frame of its stream');
