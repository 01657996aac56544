// `berth output`: the tutorial's header above a session's output.
import { timestamp } from '../../controller/api/clock.ts';
import type { Session } from '../../controller/api/types.generated.ts';
import { isFinished, statusOf } from '../session.ts';

/** `lines` is the number of lines that follow. What has ended was captured when its last byte came. */
export const outputHeader = (session: Session, lines: number, now: number): string => {
  const captured = isFinished(session) ? session.status?.output?.updatedTime : undefined;
  const time = (captured ?? timestamp(now)).replace('T', ' ').replace('Z', '');
  return [
    `=== Session: ${session.metadata.name} ===`,
    `VM: ${session.status?.vm?.name ?? '-'}`,
    `Status: ${statusOf(session)}`,
    `Captured: ${time} (${lines} lines)`,
    '',
    '',
  ].join('\n');
};

const NEWLINE = 0x0a;

/** Lines in `bytes`; an unfinished last one counts. */
export const countLines = (bytes: Uint8Array): number => {
  let lines = bytes.length > 0 && bytes.at(-1) !== NEWLINE ? 1 : 0;
  // Not byte by byte: lines may be a mebibyte each.
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines += 1;
  return lines;
};

/** Where the last `lines` lines of `bytes` begin; undefined when there may be more of them before it. */
export const lastLinesStart = (bytes: Uint8Array, lines: number): number | undefined => {
  if (lines === 0) return bytes.length;
  let missing = lines;
  // The newline that ends the last line is not the start of another.
  for (let end = bytes.length - 1; end > 0; ) {
    end = bytes.subarray(0, end).lastIndexOf(NEWLINE);
    missing -= 1;
    if (end >= 0 && missing === 0) return end + 1;
  }
  return undefined;
};
