// Runs test/run.ts in a process of its own, shows what it prints, and returns its counts instead of showing them; what it
// says of failures as well, to be shown again at the end of a long run.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { type Counts, FAILURE_MARK } from './report.ts';

const RUN = resolve(import.meta.dirname, '..', 'run.ts');

export interface TestRun extends Counts {
  readonly failures: string;
}

export async function runTests(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<TestRun> {
  const child = spawn(process.execPath, [RUN, ...args], { stdio: ['ignore', 'pipe', 'inherit'], env });
  let closing = '';
  let failures = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (closing + chunk).split('\n');
    closing = lines.splice(-2).join('\n');
    for (const line of lines) {
      if (failures !== '' || line.startsWith(FAILURE_MARK)) failures += `${line}\n`;
      process.stdout.write(`${line}\n`);
    }
  });
  const [code] = await once(child, 'close');
  const [, passed, failed, skipped] = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(closing.trimEnd()) ?? [];
  if (failed === undefined || (code !== 0 && failed === '0')) {
    const problem = `${closing}\nFAIL tests: the runner ended with code ${code} before its counts\n`;
    process.stdout.write(problem);
    return { passed: 0, failed: 1, skipped: 0, failures: failures + problem };
  }
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped), failures: failed === '0' ? '' : failures };
}
