// Runs the tests: every test/**/*.test.ts, or those whose path contains one of the arguments, two at a time.
// With --again a file that failed runs once more, alone, when all others are through: what passes only then is named as unsteady.
// Usage: node test/run.ts [--coverage] [--again] [--timeout SECONDS] [--at-once N] [--without PART] [--root DIRECTORY] [PART-OF-A-PATH...]
import { globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { coverageProblems } from './runner/coverage.ts';
import { count, countsLine, details, FAILURE_MARK, fileLine, unsteady } from './runner/report.ts';
import { endAll, type FileResult, runFile } from './runner/run-file.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    coverage: { type: 'boolean', default: false },
    again: { type: 'boolean', default: false },
    timeout: { type: 'string', default: '300' },
    'at-once': { type: 'string', default: '2' },
    without: { type: 'string' },
    root: { type: 'string', default: resolve(import.meta.dirname, '..') },
  },
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    endAll();
    process.exit(1);
  });
}
process.chdir(values.root);
const coverageDirectory = values.coverage ? await mkdtemp(join(tmpdir(), 'berth-coverage-')) : undefined;
const isWanted = (file: string): boolean =>
  (positionals.length === 0 || positionals.some((part) => file.includes(part))) && !(values.without && file.includes(values.without));
const files = globSync('test/**/*.test.ts').filter(isWanted);
const first = await runAll(files.sort());
const results = values.again ? await runAgain(first) : first;
const problems = coverageDirectory === undefined ? [] : await coverageProblems(values.root, coverageDirectory);
if (coverageDirectory !== undefined) await rm(coverageDirectory, { recursive: true });

if (files.length === 0) problems.push(`no test file matches: ${positionals.join(' ') || 'test/**/*.test.ts'}`);
const counts = count(results);
const failed = counts.failed + problems.length;
process.stdout.write(details(results) + unsteady(first, results) + problems.map((problem) => `${FAILURE_MARK}${problem}\n`).join(''));
process.stdout.write(`${countsLine({ ...counts, failed })}\n`);
process.exitCode = failed > 0 ? 1 : 0;

/** Tests of many processes on a machine that is busy with something else: what is broken fails twice. */
async function runAgain(first: readonly FileResult[]): Promise<readonly FileResult[]> {
  const results: FileResult[] = [];
  for (const result of first) results.push(result.failed > 0 ? await run(result.file) : result);
  return results;
}

async function runAll(waiting: readonly string[]): Promise<readonly FileResult[]> {
  const queue = [...waiting];
  const done: FileResult[] = [];
  const lane = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) done.push(await run(file));
  };
  await Promise.all(Array.from({ length: Number(values['at-once']) }, lane));
  return done.sort((a, b) => a.file.localeCompare(b.file));
}

async function run(file: string): Promise<FileResult> {
  const result = await runFile(file, { timeoutMs: Number(values.timeout) * 1000, coverageDirectory });
  process.stdout.write(`${fileLine(result)}\n`);
  return result;
}
