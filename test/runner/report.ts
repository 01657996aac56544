// What a test run says: a line a file as it ends, the whole output of what failed, then what was left out and why.
import type { FileResult } from './run-file.ts';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export function fileLine({ file, passed, failed, skips, durationMs }: FileResult): string {
  const notes = [failed > 0 ? `${failed} failed` : '', skips.length > 0 ? `${skips.length} skipped` : ''].filter((note) => note !== '');
  const counts = [`${passed} passed`, ...notes].join(', ');
  return `${failed > 0 ? 'FAIL' : 'ok  '} ${file}  ${counts}  ${(durationMs / 1000).toFixed(1)} s`;
}

/** Begins a line that says what failed; what follows it belongs to it. */
export const FAILURE_MARK = '──── ';

/** Ends with a line break where it is not empty. */
export function details(results: readonly FileResult[]): string {
  const failures = results.filter(({ failed }) => failed > 0).map(failure);
  const skips = results.flatMap(({ file, skips }) => skips.map(({ name, reason }) => `skipped: ${file}: ${name} (${reason})\n`));
  return [...failures, ...skips].join('');
}

/** What passed only at its second run, with what the first one said. */
export function unsteady(first: readonly FileResult[], last: readonly FileResult[]): string {
  const mended = first.filter(({ file, failed }) => failed > 0 && last.some((other) => other.file === file && other.failed === 0));
  return mended.map((result) => `${failure(result)}unsteady: ${result.file}: passed when run again, alone\n`).join('');
}

export function count(results: readonly FileResult[]): Counts {
  const sum = (of: (result: FileResult) => number) => results.reduce((total, result) => total + of(result), 0);
  return { passed: sum(({ passed }) => passed), failed: sum(({ failed }) => failed), skipped: sum(({ skips }) => skips.length) };
}

/** The closing line of every run, also read by programs. */
export function countsLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

function failure({ file, output, problems }: FileResult): string {
  const reasons = problems.map((problem) => `${file}: ${problem}\n`).join('');
  return `\n${FAILURE_MARK}${file}\n${output.trimEnd()}\n${reasons}\n`;
}
