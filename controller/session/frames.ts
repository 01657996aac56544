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

export async function* readFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  let buffered: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    buffered = buffered.length === 0 ? Buffer.from(chunk) : Buffer.concat([buffered, chunk]);
    for (let next = takeFrame(buffered); next !== undefined; next = takeFrame(buffered)) {
      buffered = buffered.subarray(next.length);
      yield next.frame;
    }
  }
}

/** The first frame and its length; undefined while it is not all there. */
const takeFrame = (buffered: Buffer): { readonly frame: Frame; readonly length: number } | undefined => {
  const newline = buffered.indexOf(10);
  if (newline < 0 && buffered.length > HEADER_BYTES) throw malformed();
  if (newline < 0) return undefined;
  const header = parseHeader(buffered.subarray(0, newline).toString());
  const end = newline + 1 + (header.t === 'log' ? Number(header.bytes) : 0);
  if (buffered.length < end) return undefined;
  // The other end is our own program, delivered by content hash: its frames have the declared shape.
  return { frame: { ...header, data: buffered.subarray(newline + 1, end) } as unknown as Frame, length: end };
};

const parseHeader = (line: string): Record<string, unknown> => {
  try {
    const header: unknown = JSON.parse(line);
    if (typeof header === 'object' && header !== null && 't' in header) return { ...header };
  } catch {
    // said below
  }
  throw malformed();
};

const malformed = (): OperatorError => new OperatorError('unavailable', 'the VM sent something that is not a frame of its stream');
