// Holds the coverage of a run, measured over all processes it started, against the project's floors: 95 % of everything together
// and 100 % of each pure file. Which files are pure is said once, in biome.json, where the linter keeps them so.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join, matchesGlob, relative } from 'node:path';
import { transformSync } from 'esbuild';

const overallFloor = 95;
const metrics = ['lines', 'branches', 'functions', 'statements'] as const;

interface Count {
  readonly total: number;
  readonly covered: number;
}

type FileCoverage = Readonly<Record<(typeof metrics)[number], Count>>;

/** Each floor that is not reached, as a line for the reader. The full report stays in coverage/. */
export async function coverageProblems(root: string, rawDirectory: string): Promise<string[]> {
  const summary = await summarize(root, rawDirectory);
  const files = Object.entries(summary).filter(([file]) => file !== 'total' && hasCode(file));
  const pure = pureFiles(root);
  const impure = files.flatMap(([file, coverage]) => {
    const path = relative(root, file);
    return pure(path) ? below(path, coverage, 100) : [];
  });
  return [...below('controller/ and cli/ together', sum(files.map(([, coverage]) => coverage)), overallFloor), ...impure];
}

async function summarize(root: string, rawDirectory: string): Promise<Record<string, FileCoverage>> {
  const args = ['report', '--temp-directory', rawDirectory, '--reporter', 'json-summary', '--reporter', 'text'];
  const child = spawn(join(root, 'node_modules', '.bin', 'c8'), args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.pipe(process.stdout);
  const [code] = await once(child, 'close');
  const file = join(root, 'coverage', 'coverage-summary.json');
  if (code !== 0 || !existsSync(file)) throw new Error(`c8 could not make its report (exit code ${code}); see its message above`);
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, FileCoverage>;
}

/** False for a file of types alone: nothing of it ever runs. */
function hasCode(file: string): boolean {
  return transformSync(readFileSync(file, 'utf8'), { loader: 'ts' }).code.trim() !== '';
}

/** The first override of biome.json is the one for pure files (its message in the linter says so). */
function pureFiles(root: string): (file: string) => boolean {
  const { overrides } = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'));
  const patterns = overrides[0].includes as readonly string[];
  const matches = (file: string, pattern: string) => matchesGlob(file, pattern);
  return (file) =>
    patterns.some((pattern) => !pattern.startsWith('!') && matches(file, pattern)) &&
    !patterns.some((pattern) => pattern.startsWith('!') && matches(file, pattern.slice(1)));
}

function sum(files: readonly FileCoverage[]): FileCoverage {
  const of = (metric: keyof FileCoverage, field: keyof Count) => files.reduce((total, file) => total + file[metric][field], 0);
  const count = (metric: keyof FileCoverage) => ({ total: of(metric, 'total'), covered: of(metric, 'covered') });
  return { lines: count('lines'), branches: count('branches'), functions: count('functions'), statements: count('statements') };
}

function below(name: string, coverage: FileCoverage, floor: number): readonly string[] {
  return metrics.flatMap((metric) => {
    const { total, covered } = coverage[metric];
    const percent = total === 0 ? 100 : (covered / total) * 100;
    return percent >= floor ? [] : [`coverage of ${name}: ${percent.toFixed(2)} % of ${metric}, ${floor} % wanted`];
  });
}
