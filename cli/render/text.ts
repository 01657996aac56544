// Cutting, padding and ages: the small change of every table.
import { parseTime } from '../../controller/api/clock.ts';

/** At most `length` characters of `text`, with `...` right after the last word where something was cut. Counted in code points. */
export const cut = (text: string, length: number): string => {
  // A prompt may be long: no more of it is taken apart than could be shown, at two code units a character.
  const start = text.slice(0, 2 * (length + 1));
  if (lengthOf(start) <= length) return text;
  const kept = PAIRED.test(start) ? [...start].slice(0, length).join('') : start.slice(0, length);
  return `${kept.trimEnd()}...`;
};

/** One line: what would break a table, or steer a terminal, becomes a space. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
export const oneLine = (text: string): string => text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();

/**
 * Counted in code points: what is padded are names, words and numbers, and wide characters come in last columns only. The
 * segmentation tables that an exact width needs would cost `list` more than everything else it loads.
 */
const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - lengthOf(text)));

/** Text without such characters, most of it, need not be taken apart to be counted. */
const PAIRED = /[\ud800-\udfff]/;

const lengthOf = (text: string): number => (PAIRED.test(text) ? [...text].length : text.length);

/** `45s`, `2m`, `14h`, `3d`. A clock that went back gives `0s`. */
export const age = (since: string, now: number): string => {
  const seconds = Math.max(0, Math.floor((now - parseTime(since)) / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
};

export interface Column {
  readonly title: string;
  /** The column is never narrower than this, gap included. */
  readonly width?: number;
  /** Spaces that always follow the longest cell. */
  readonly gap?: number;
}

/** Rows under their titles, columns as wide as they must be; nothing trails the last cell. */
export const table = (columns: readonly Column[], rows: readonly (readonly string[])[]): string => {
  const widths = columns.map(({ title, width = 0, gap = 3 }, index) =>
    Math.max(width, gap + Math.max(lengthOf(title), ...rows.map((row) => lengthOf(row[index] ?? '')))),
  );
  const line = (cells: readonly string[]): string =>
    `${cells
      .map((cell, index) => pad(cell, widths[index] ?? 0))
      .join('')
      .trimEnd()}\n`;
  return [columns.map(({ title }) => title), ...rows].map(line).join('');
};
