// Everything that has to hold before a change is kept: one line a step, the output of those that fail, the tests, and the counts of
// steps and tests together as the last line. Usage: node .ci/check.ts [--full]   (--full adds what takes minutes, as CI does)
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Counts, countsLine } from '../test/runner/report.ts';

interface Step {
  readonly name: string;
  readonly argv: readonly [program: string, ...args: string[]];
}

process.chdir(resolve(import.meta.dirname, '..'));

const parseOnly = 'import ast, sys\nfor path in sys.argv[1:]: ast.parse(open(path).read(), path)';
const quickSteps: readonly Step[] = [
  { name: 'format, lint, layers', argv: ['biome', 'ci', '--error-on-warnings', '--colors=off', '--max-diagnostics=50'] },
  { name: 'types', argv: ['tsc', '--noEmit'] },
  { name: 'generated files are up to date', argv: ['node', 'crds/generate.ts', '--check'] },
  { name: 'dead code', argv: ['knip', '--no-progress'] },
  { name: 'package shape', argv: ['publint', '--strict', '--pack', 'npm'] },
  { name: 'Python syntax', argv: ['python3', '-c', parseOnly, ...globSync('controller/**/*.py')] },
];
const longSteps: readonly Step[] = [
  { name: 'simulation: 2,000 seeds', argv: ['node', 'test/simulation/main.ts', '--seeds', '2000', '--from', '1'] },
  { name: 'simulation finds the planted bugs', argv: ['node', 'test/simulation/plant.ts'] },
];

const full = process.argv.includes('--full');
const quick = quickSteps.map(runStep);
const tests = [await runTests(['--coverage'])];
if (full) for (const variant of ['full', 'crd']) tests.push(await runOnCluster(variant));
const long = full ? longSteps.map(runStep) : [];
const steps = [...quick, ...long];
const total: Counts = {
  passed: sum(({ passed }) => passed) + steps.filter((ok) => ok).length,
  failed: sum(({ failed }) => failed) + steps.filter((ok) => !ok).length,
  skipped: sum(({ skipped }) => skipped),
};
process.stdout.write(`${countsLine(total)}\n`);
process.exitCode = total.failed > 0 ? 1 : 0;

function sum(of: (counts: Counts) => number): number {
  return tests.reduce((total, counts) => total + of(counts), 0);
}

/** The tests of the cluster store on a real API server, where the machine's own script can provide one (75: it cannot). */
async function runOnCluster(variant: string): Promise<Counts> {
  const script = resolve('../shared/kube/assets');
  const made = existsSync(script) ? spawnSync(script, [variant], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }) : undefined;
  if (made?.status === 0) return runTests(['--timeout', '300', 'test/cluster/'], { KUBEBUILDER_ASSETS: made.stdout.trim() });
  const isMissing = made === undefined || made.status === 75;
  const why = made === undefined ? 'nothing here provides one' : explain(made).trim().split('\n').at(-1);
  process.stdout.write(`${isMissing ? 'skipped:' : 'FAIL'} cluster tests on an API server of variant ${variant} (${why})\n`);
  return { passed: 0, failed: isMissing ? 0 : 1, skipped: isMissing ? 1 : 0 };
}

function runStep({ name, argv: [program, ...args] }: Step): boolean {
  const started = performance.now();
  const result = spawnSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 28,
    env: { ...process.env, NO_COLOR: '1' },
  });
  const ok = result.status === 0;
  process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${name}  ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
  if (!ok) process.stdout.write(`${explain(result)}\n`);
  return ok;
}

function explain({ stdout, stderr, error, signal }: SpawnSyncReturns<string>): string {
  return [stdout, stderr, error?.message, signal ? `killed by ${signal}` : ''].filter((text) => text).join('\n');
}

/** Shows the run as it goes but for its closing line: the counts in that one go into ours. */
async function runTests(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Counts> {
  const child = spawn('node', ['test/run.ts', ...args], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  let closing = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (closing + chunk).split('\n');
    closing = lines.splice(-2).join('\n');
    process.stdout.write(lines.map((line) => `${line}\n`).join(''));
  });
  const [code] = await once(child, 'close');
  const [, passed, failed, skipped] = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(closing.trimEnd()) ?? [];
  if (failed === undefined || (code !== 0 && failed === '0')) {
    process.stdout.write(`${closing}\nFAIL tests: the runner ended with code ${code} before its counts\n`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
}
