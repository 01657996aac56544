#!/usr/bin/env node
// The installed program: loads the command line through Node's compile cache. Kept so plain that a Node too old for the rest can
// run it: in a clone it hands over to the Node among the development dependencies, elsewhere it says what is missing.
import nodeModule, { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const cloneNode = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));

if (major > 22 || (major === 22 && minor >= 22)) {
  // Not the default place under the shared /tmp, where another user could leave code for us to run.
  nodeModule.enableCompileCache(join(homedir(), '.cache', 'berth', 'compiled'));
  // Not import(), which in the bundle would read all of it for the names it exports.
  createRequire(import.meta.url)('./main.ts');
} else if ((await import('node:fs')).existsSync(cloneNode)) {
  // Imported here: for a module, all of node:fs is set up, streams included, and a fast start needs no such thing.
  await handOver();
} else {
  process.stderr.write(`berth: needs Node.js 22.22 or newer and this is ${process.version}: install a current Node.js and try again\n`);
  process.exitCode = 1;
}

/** Ctrl-C reaches both of us, and the other decides what it means. */
async function handOver(): Promise<void> {
  // It brings the network with it: a third of the time of a start that does not need it.
  const { spawn } = await import('node:child_process');
  const other = spawn(cloneNode, process.argv.slice(1), { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (signal !== 'SIGINT') other.kill(signal);
    });
  }
  other.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}
