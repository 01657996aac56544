// Holds the coverage of a run, measured over all processes it started, against the project's floors: 95 % of everything together
// and 100 % of each pure file. Which files are pure is said once, in biome.json, where the linter keeps them so.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, matchesGlob, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { transformSync } from 'esbuild';

const overallFloor = 95;
const metrics = ['lines', 'branches', 'functions', 'statements'] as const;

interface Count {
  readonly total: number;
  readonly covered: number;
}

type Summary = Readonly<Record<(typeof metrics)[number], Count>>;

/** The part of Istanbul's report that says where: each statement is one line, each branch one counter. */
interface Places {
  readonly statementMap: Readonly<Record<string, { readonly start: { readonly line: number } }>>;
  readonly s: Readonly<Record<string, number>>;
  readonly branchMap: Readonly<Record<string, { readonly line: number }>>;
  readonly b: Readonly<Record<string, readonly number[]>>;
}

/** Each floor that is not reached, as a line for the reader. The report of every file stays in coverage/report.txt. */
export async function coverageProblems(root: string, rawDirectory: string): Promise<string[]> {
  await report(root, rawDirectory);
  const summaries = Object.entries(read<Record<string, Summary>>(root, 'coverage-summary.json'));
  const places = read<Record<string, Places>>(root, 'coverage-final.json');
  const files = summaries.filter(([file]) => file !== 'total' && hasCode(file));
  const pure = pureFiles(root);
  const impure = files.flatMap(([file, summary]) => {
    const path = relative(root, file);
    return pure(path) ? below(`${path}, a pure file`, summary, 100, uncoveredLines(places[file])) : [];
  });
  const overall = sum(files.map(([, summary]) => summary));
  process.stdout.write(`coverage: ${metrics.map((metric) => `${percent(overall[metric]).toFixed(1)} % of ${metric}`).join(', ')}\n`);
  return [...below('controller/ and cli/ together', overall, overallFloor, ''), ...impure];
}

async function report(root: string, rawDirectory: string): Promise<void> {
  const reporters = ['json-summary', 'json', 'text'].flatMap((name) => ['--reporter', name]);
  const args = ['report', '--temp-directory', rawDirectory, ...reporters];
  const child = spawn(join(root, 'node_modules', '.bin', 'c8'), args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const [table, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (code !== 0) throw new Error(`c8 could not make its report of the coverage (exit code ${code}): see its message above`);
  writeFileSync(join(root, 'coverage', 'report.txt'), table);
}

function read<T>(root: string, name: string): T {
  return JSON.parse(readFileSync(join(root, 'coverage', name), 'utf8')) as T;
}

/** False for a file of types alone: nothing of it ever runs. */
function hasCode(file: string): boolean {
  return transformSync(readFileSync(file, 'utf8'), { loader: 'ts' }).code.trim() !== '';
}

/** The first override of biome.json forbids the clock, the process and the rest of the world to the files it includes. */
function pureFiles(root: string): (file: string) => boolean {
  const { overrides } = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'));
  const patterns = overrides[0].includes as readonly string[];
  const wanted = patterns.filter((pattern) => !pattern.startsWith('!'));
  const unwanted = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  const matches = (file: string) => (pattern: string) => matchesGlob(file, pattern);
  return (file) => wanted.some(matches(file)) && !unwanted.some(matches(file));
}

function sum(files: readonly Summary[]): Summary {
  const of = (metric: keyof Summary, field: keyof Count) => files.reduce((total, file) => total + file[metric][field], 0);
  const count = (metric: keyof Summary) => ({ total: of(metric, 'total'), covered: of(metric, 'covered') });
  return { lines: count('lines'), branches: count('branches'), functions: count('functions'), statements: count('statements') };
}

function percent({ total, covered }: Count): number {
  return total === 0 ? 100 : (covered / total) * 100;
}

function below(name: string, summary: Summary, floor: number, where: string): readonly string[] {
  const missed = metrics.filter((metric) => percent(summary[metric]) < floor);
  if (missed.length === 0) return [];
  const found = missed.map((metric) => `${percent(summary[metric]).toFixed(1)} % of ${metric}`).join(', ');
  return [`coverage of ${name}: ${found}; ${floor} % wanted${where}`];
}

function uncoveredLines(places: Places | undefined): string {
  if (!places) return '';
  const statements = Object.entries(places.s).filter(([, count]) => count === 0);
  const branches = Object.entries(places.b).filter(([, counts]) => counts.includes(0));
  const lines = [
    ...statements.map(([id]) => places.statementMap[id]?.start.line ?? 0),
    ...branches.map(([id]) => places.branchMap[id]?.line ?? 0),
  ];
  return `: lines ${ranges([...new Set(lines)].sort((a, b) => a - b)).join(', ')}`;
}

/** `3, 4, 5, 9` as `3-5, 9`. */
function ranges(lines: readonly number[]): readonly string[] {
  const starts = lines.filter((line, index) => lines[index - 1] !== line - 1);
  return starts.map((start, index) => {
    const end = lines[lines.indexOf(starts[index + 1] ?? Number.POSITIVE_INFINITY) - 1] ?? lines.at(-1);
    return start === end ? `${start}` : `${start}-${end}`;
  });
}
