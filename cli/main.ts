#!/usr/bin/env node
// The entry of the program: builds the context from the process and ends with the command's exit code.
import { basename } from 'node:path';
import { allCommands } from './commands/index.ts';
import type { Context } from './context.ts';
import { realParts } from './real-parts.ts';
import { run } from './run.ts';

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough (`| head`) is no failure.
    if (error.code === 'EPIPE') process.exit(0);
    if (stream === process.stdout) process.stderr.write(`Error: cannot write the output: ${error.message}\n`);
    process.exit(1);
  });
}

const interruption = new AbortController();
const onInterrupt = (): void => {
  interruption.abort();
  // Whoever presses it twice does not want to wait for anything.
  process.once('SIGINT', () => process.exit(130));
};
process.once('SIGINT', onInterrupt);

const invokedAs = (): string =>
  process.env.BERTH_INVOKED_AS || (basename(process.argv[1] ?? '') === 'kubectl-berth' ? 'kubectl berth' : 'berth');

const context: Context = {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  colorDepth: process.env.NO_COLOR || !process.stdout.isTTY ? 1 : process.stdout.getColorDepth(),
  now: Date.now,
  random: Math.random,
  invokedAs: invokedAs(),
  interrupted: interruption.signal,
  terminal: {
    stdin: process.stdin.isTTY === true,
    stdout: process.stdout.isTTY === true,
    stderr: process.stderr.isTTY === true,
    columns: process.stderr.columns ?? 80,
  },
  tail: undefined,
  parts: realParts(process.env),
  commands: allCommands,
};

void run(process.argv.slice(2), context).then((exit) => {
  // Streams may still be writing to a pipe: they must drain, but no timer or watcher may keep us.
  process.exitCode = exit;
  // What could not be written is told a moment after it was tried.
  process.stdout.write('', () => process.stderr.write('', () => setImmediate(() => process.exit(exit))));
});
