// Everything that has to hold before a change is kept: one line a step, the output of those that fail, the tests, and the counts of
// steps and tests together as the last line, and above it once more all that failed.
// Usage: node .ci/check.ts [--full]   (--full adds what takes minutes, as CI does)
import { type ExecFileException, execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { resolve } from 'node:path';
import { runOnAll } from '../test/cluster/run-on-all.ts';
import { type Counts, countsLine } from '../test/runner/report.ts';
import { runTests } from '../test/runner/run-tests.ts';

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
const simulation: Step = {
  name: 'simulation: 2,000 seeds',
  argv: ['nice', '-n', '15', 'node', 'test/simulation/main.ts', '--seeds', '2000', '--from', '1'],
};
const plants: Step = { name: 'simulation finds the planted bugs', argv: ['node', 'test/simulation/plant.ts'] };

const full = process.argv.includes('--full');
const failures: string[] = [];
const quick: boolean[] = [];
for (const step of quickSteps) quick.push(await runStep(step));
// With --full the cluster's tests run where there is a server for them, and are counted once.
const tests = await runTests(['--coverage', ...(full ? ['--again', '--without', 'test/cluster/'] : [])]);
// Those mostly wait, and the simulation takes what they leave.
const simulated = full ? runStep(simulation) : undefined;
const onCluster = full ? await runOnAll({ build: false }) : { passed: 0, failed: 0, skipped: 0, failures: '' };
const long = simulated === undefined ? [] : [await simulated, await runStep(plants)];
const steps = [...quick, ...long];
const total: Counts = {
  passed: tests.passed + onCluster.passed + steps.filter((ok) => ok).length,
  failed: tests.failed + onCluster.failed + steps.filter((ok) => !ok).length,
  skipped: tests.skipped + onCluster.skipped,
};
failures.push(tests.failures, onCluster.failures);
if (total.failed > 0) process.stdout.write(`\nWhat failed:\n${failures.join('')}`);
process.stdout.write(`${countsLine(total)}\n`);
process.exitCode = total.failed > 0 ? 1 : 0;

async function runStep({ name, argv: [program, ...args] }: Step): Promise<boolean> {
  const started = performance.now();
  const problem = await new Promise<string | undefined>((resolve) => {
    const child = execFile(program, args, { maxBuffer: 2 ** 28, env: { ...process.env, NO_COLOR: '1' } }, (error, stdout, stderr) =>
      resolve(error ? explain(error, stdout, stderr) : undefined),
    );
    child.stdin?.end();
  });
  const ok = problem === undefined;
  const report = `${ok ? 'ok  ' : 'FAIL'} ${name}  ${((performance.now() - started) / 1000).toFixed(1)} s\n${problem ?? ''}`;
  if (!ok) failures.push(report);
  process.stdout.write(report);
  return ok;
}

function explain({ code, signal }: ExecFileException, stdout: string, stderr: string): string {
  const parts = [stdout, stderr, signal ? `killed by ${signal}` : `ended with ${code}`];
  return `${parts.filter((part) => part !== '').join('\n')}\n`;
}
