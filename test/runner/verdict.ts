// Decides from what a test file printed whether it passed. uvu exits 0 when a suite is never run, when `before` throws and when
// something other than an Error is thrown, so its exit code says little: only totals that add up do.
import { type Skip, skipMarker } from './skip.ts';

/** How the test file's process ended. */
export interface Ending {
  readonly source: string;
  readonly output: string;
  /** Undefined when it was killed. */
  readonly code: number | undefined;
  readonly signal: string | undefined;
  /** Set when it ran out of time. */
  readonly timeoutMs: number | undefined;
  /** Command lines of processes that it left running. */
  readonly leftovers: readonly string[];
}

export interface Verdict {
  readonly passed: number;
  readonly failed: number;
  readonly skips: readonly Skip[];
  /** What is wrong with the file as a whole. */
  readonly problems: readonly string[];
}

export function verdict(ending: Ending): Verdict {
  const totals = lastTotals(ending.output);
  const skips = declaredSkips(ending.output);
  const problems = [...sourceProblems(ending.source), ...endingProblems(ending), ...totalsProblems(totals, skips)];
  const passed = totals?.passed ?? 0;
  const failed = (totals?.total ?? 0) - passed;
  return { passed, failed: failed === 0 && problems.length > 0 ? 1 : failed, skips, problems };
}

interface Totals {
  readonly total: number;
  readonly passed: number;
  readonly skipped: number;
}

/** The last block only, and only at the end of a line of its own: tests may print what they like before it. */
function lastTotals(output: string): Totals | undefined {
  const blocks = [...output.matchAll(/^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)\n {2}Duration: /gm)];
  const [, total, passed, skipped] = blocks.at(-1) ?? [];
  return total === undefined ? undefined : { total: Number(total), passed: Number(passed), skipped: Number(skipped) };
}

function declaredSkips(output: string): readonly Skip[] {
  const lines = output.split('\n').filter((line) => line.startsWith(skipMarker));
  return lines.map((line) => JSON.parse(line.slice(skipMarker.length)) as Skip);
}

function sourceProblems(source: string): readonly string[] {
  const problems: string[] = [];
  const suites = source.match(/^[^/*'"`]*\bsuite(?:<[^>]*>)?\(/gm)?.length ?? 0;
  const runs = source.match(/\.run\(\)/g)?.length ?? 0;
  if (suites > runs) problems.push(`${suites} suites are declared but .run() is called ${runs} times: the others never run`);
  if (/^\s*\w+\.only\(/m.test(source)) problems.push('.only leaves the other tests of its suite out: remove it');
  return problems;
}

function endingProblems({ code, signal, timeoutMs, leftovers }: Ending): readonly string[] {
  const left = leftovers.map((commandLine) => `left a process behind: ${commandLine}`);
  if (timeoutMs !== undefined) return [`did not end within ${timeoutMs / 1000} s`, ...left];
  if (signal !== undefined) return [`was killed by ${signal}`, ...left];
  return code === 0 ? left : [`exited with code ${code}`, ...left];
}

function totalsProblems(totals: Totals | undefined, skips: readonly Skip[]): readonly string[] {
  if (!totals) return skips.length > 0 ? [] : ['ended without the totals of a test run: no suite ran to its end'];
  if (totals.skipped > 0) return [`${totals.skipped} tests are left out without a reason: call skip(name, reason) of test/runner/skip.ts`];
  if (totals.total === 0 && skips.length === 0) return ['has no tests'];
  return totals.passed === totals.total ? [] : [`${totals.total - totals.passed} of ${totals.total} tests failed or never ran`];
}
