// The items of a list, each as soon as it is there: of ten thousand objects in one answer, only what is kept of them is
// ever in memory.
import type { ObjectList } from './resources.ts';

const [QUOTE, BACKSLASH, COMMA, OPEN_LIST, CLOSE_LIST, OPEN, CLOSE] = [0x22, 0x5c, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d];
/** Of the list itself: its one member that is long. */
const ITEMS = /"items"\s*:\s*\[$/;
/** Depth of nesting in the list of items, outside of any of them. */
const IN_ITEMS = 2;

/** Returns what the answer says of itself. Throws where the body is no JSON, or ends too early. */
export async function* readItems(body: AsyncIterable<Uint8Array>): AsyncGenerator<unknown, ObjectList['metadata']> {
  const scan = createScan();
  for await (const chunk of body) yield* scan.read(chunk);
  return scan.end();
}

const createScan = () => {
  const nesting: Nesting = { depth: 0, isInString: false, isEscaped: false };
  /** All but the items. */
  let frame = '';
  let isInItems = false;
  /** What is neither in the frame nor was an item yet begins at `start`. */
  let bytes = Buffer.alloc(0);
  let start = 0;

  const toFrame = (end: number): void => {
    frame += bytes.toString('utf8', start, end);
    start = end;
  };
  /** A byte of the frame, or between two items; `at` is behind it. */
  const take = (byte: number, at: number): void => {
    step(byte, nesting);
    if (byte === COMMA && isInItems) start = at;
    else if (byte === OPEN_LIST && !isInItems && !nesting.isInString && nesting.depth === IN_ITEMS) {
      toFrame(at);
      isInItems = ITEMS.test(frame);
    } else if (isInItems && nesting.depth < IN_ITEMS) {
      isInItems = false;
      start = at - 1;
    }
  };

  return {
    *read(chunk: Uint8Array): Generator<unknown> {
      let at = bytes.length - start;
      bytes = Buffer.concat([bytes.subarray(start), chunk]);
      start = 0;
      while (at < bytes.length) {
        if (isInItems && nesting.depth > IN_ITEMS) {
          at = skipItem(bytes, at, nesting);
          if (nesting.depth > IN_ITEMS) return;
          yield JSON.parse(bytes.toString('utf8', start, at));
          start = at;
        } else take(bytes[at++] ?? 0, at);
      }
    },
    end: (): ObjectList['metadata'] => {
      toFrame(bytes.length);
      return (JSON.parse(frame) as ObjectList).metadata;
    },
  };
};

interface Nesting {
  depth: number;
  isInString: boolean;
  isEscaped: boolean;
}

const step = (byte: number | undefined, nesting: Nesting): void => {
  if (nesting.isEscaped) nesting.isEscaped = false;
  else if (nesting.isInString) {
    if (byte === QUOTE) nesting.isInString = false;
    else if (byte === BACKSLASH) nesting.isEscaped = true;
  } else if (byte === QUOTE) nesting.isInString = true;
  else if (byte === OPEN || byte === OPEN_LIST) nesting.depth += 1;
  else if (byte === CLOSE || byte === CLOSE_LIST) nesting.depth -= 1;
};

/** `step` over an item, to behind its end or to the end of the bytes. Tens of megabytes go through this loop. */
const skipItem = (bytes: Uint8Array, from: number, nesting: Nesting): number => {
  let { depth, isInString, isEscaped } = nesting;
  let at = from;
  for (; at < bytes.length && depth > IN_ITEMS; at += 1) {
    const byte = bytes[at];
    if (isEscaped) isEscaped = false;
    else if (isInString) {
      if (byte === QUOTE) isInString = false;
      else if (byte === BACKSLASH) isEscaped = true;
    } else if (byte === QUOTE) isInString = true;
    else if (byte === OPEN || byte === OPEN_LIST) depth += 1;
    else if (byte === CLOSE || byte === CLOSE_LIST) depth -= 1;
  }
  Object.assign(nesting, { depth, isInString, isEscaped });
  return at;
};
