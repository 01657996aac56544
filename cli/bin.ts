#!/usr/bin/env node
// The installed program: loads the command line through Node's compile cache, which halves its start-up.
// Kept so plain that an older Node can run it and be told what it is missing.
import nodeModule from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major > 22 || (major === 22 && minor >= 22)) {
  // Not the default place under the shared /tmp, where another user could leave code for us to run.
  nodeModule.enableCompileCache(join(homedir(), '.cache', 'berth', 'compiled'));
  await import('./main.ts');
} else {
  process.stderr.write(`berth needs Node.js 22.22 or newer; this is ${process.version}. Install a current Node.js and try again.\n`);
  process.exitCode = 1;
}
