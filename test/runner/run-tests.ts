// Runs test/run.ts in a process of its own, shows what it prints, and returns its counts instead of showing them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Counts } from './report.ts';

const RUN = resolve(import.meta.dirname, '..', 'run.ts');

export async function runTests(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Counts> {
  const child = spawn(process.execPath, [RUN, ...args], { stdio: ['ignore', 'pipe', 'inherit'], env });
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
