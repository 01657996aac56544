// The end of a log as a person reads it: what status shows of raw terminal output. Pure.
import { stripVTControlCharacters } from 'node:util';

const TAIL_BYTES = 4096;
/** How much raw output is looked at: progress bars and colours make much of little. */
export const RAW_TAIL_BYTES = 16_384;
// What stripping leaves of C0 and C1 (tab and newline stay), and what neither YAML nor JSON readers agree on.
const UNREADABLE = /(?![\t\n])\p{Cc}|[\ufeff\ufffe\uffff]/gu;

/** At most 4 KiB of UTF-8; whole lines where a line fits. `raw` begins at a line unless `cut`. */
export const readableTail = (raw: Uint8Array, cut: boolean): string => {
  const bytes = cut ? fromLine(raw) : raw;
  const text = stripVTControlCharacters(new TextDecoder().decode(bytes));
  const lines = text.replaceAll('\r\n', '\n').split('\n').map(lastWritten);
  return lastBytes(lines.join('\n').replace(UNREADABLE, ''));
};

/** A progress line is written over and over from its start: the last version is what one sees. */
const lastWritten = (line: string): string => line.split('\r').findLast((part) => part.trim() !== '') ?? '';

const fromLine = (raw: Uint8Array): Uint8Array => {
  const newline = raw.indexOf(10);
  if (newline >= 0 && newline < raw.length - 1) return raw.subarray(newline + 1);
  return fromCharacter(raw);
};

const fromCharacter = (raw: Uint8Array): Uint8Array => {
  let start = 0;
  while (start < raw.length && ((raw[start] ?? 0) & 0xc0) === 0x80) start++;
  return raw.subarray(start);
};

const lastBytes = (text: string): string => {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= TAIL_BYTES) return text;
  const cut = bytes.length - TAIL_BYTES;
  const fits = bytes[cut - 1] === 10 ? bytes.subarray(cut) : fromLine(bytes.subarray(cut));
  return new TextDecoder().decode(fits);
};
