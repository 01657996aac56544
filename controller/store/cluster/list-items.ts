// The items of a list, each as soon as it is there: of ten thousand objects in one answer, only what is kept of them is
// ever in memory.
import type { ObjectList } from './resources.ts';

const [QUOTE, BACKSLASH, COMMA, OPEN_LIST, CLOSE_LIST, OPEN, CLOSE] = [0x22, 0x5c, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d];
/** Of the list itself: its one member that is long. */
const ITEMS = /"items"\s*:\s*$/;
/** Depth of nesting in the list of items, outside of any of them. */
const IN_ITEMS = 2;

/** Returns what the answer says of itself. Throws where the body is no JSON, or ends too early. */
export async function* readItems(body: AsyncIterable<Uint8Array>): AsyncGenerator<unknown, ObjectList['metadata']> {
  const scan = createScan();
  for await (const chunk of body) yield* scan.read(chunk);
  return scan.end();
}

const createScan = () => {
  /** All but the items. */
  let frame = '';
  let depth = 0;
  let isInItems = false;
  let isInString = false;
  /** From what is in the frame, or was an item, on; `start` and `at` are places in it. */
  let bytes = Buffer.alloc(0);
  let start = 0;
  let at = 0;

  const toFrame = (end: number): void => {
    frame += bytes.toString('utf8', start, end);
    start = end;
  };
  const opened = (byte: number): void => {
    depth += 1;
    if (byte !== OPEN_LIST || depth !== IN_ITEMS || isInItems) return;
    toFrame(at);
    isInItems = ITEMS.test(frame.slice(0, -1));
  };
  /** Whether an item has ended. */
  const closed = (): boolean => {
    depth -= 1;
    if (!isInItems || depth > IN_ITEMS) return false;
    if (depth === IN_ITEMS) return true;
    isInItems = false;
    start = at - 1;
    return false;
  };
  /** Goes on to the end of the string. */
  const skipString = (): void => {
    for (let quote = bytes.indexOf(QUOTE, at); quote !== -1; quote = bytes.indexOf(QUOTE, quote + 1)) {
      let slashes = 0;
      while (bytes[quote - slashes - 1] === BACKSLASH) slashes += 1;
      if (slashes % 2 === 1) continue;
      isInString = false;
      at = quote + 1;
      return;
    }
    at = bytes.length;
  };
  /** Whether an item has ended with it. */
  const take = (byte: number): boolean => {
    if (byte === QUOTE) isInString = true;
    else if (byte === OPEN || byte === OPEN_LIST) opened(byte);
    else if (byte === CLOSE || byte === CLOSE_LIST) return closed();
    else if (byte === COMMA && isInItems && depth === IN_ITEMS) start = at;
    return false;
  };

  return {
    *read(chunk: Uint8Array): Generator<unknown> {
      const before = bytes.subarray(start);
      bytes = Buffer.concat([before, chunk]);
      [start, at] = [0, before.length];
      while (at < bytes.length) {
        if (isInString) skipString();
        else if (take(bytes[at++] ?? 0)) {
          yield JSON.parse(bytes.toString('utf8', start, at));
          start = at;
        }
      }
    },
    end: (): ObjectList['metadata'] => {
      toFrame(bytes.length);
      return (JSON.parse(frame) as ObjectList).metadata;
    },
  };
};
