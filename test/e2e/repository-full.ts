// `npm run test:repository`: the real thing. A session clones this repository, installs it and runs all of its checks, as a
// person would; its log has to be what the checks wrote, and its exit code theirs. Takes minutes and the network.
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { idsIn } from './normalise.ts';
import { openUserWorld } from './world.ts';

const repository = resolve(import.meta.dirname, '..', '..');
const checks = `set -o pipefail; { npm ci && npm run check; } 2>&1 | tee "$DIRECT"`;

/** How this person reaches the network; the rest of a session's environment is the VM's own. */
const NETWORK = /^(npm_config_(userconfig|registry|cafile)|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|https?_proxy|no_proxy)$/i;

const world = await openUserWorld();
try {
  const directLog = join(world.root, 'direct.log');
  const clone = spawnSync('git', ['clone', '--bare', '--no-hardlinks', repository, join(world.root, 'berth.git')], { stdio: 'inherit' });
  if (clone.status !== 0) throw new Error('could not clone this repository');
  const source = ['--repo', `file://${world.root}/berth.git`];
  const network = Object.entries(process.env).filter(([name]) => NETWORK.test(name));
  const given = { DIRECT: directLog, CI: '1', npm_config_userconfig: join(homedir(), '.npmrc'), ...Object.fromEntries(network) };
  const environment = Object.entries(given).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const { out, err } = await world.berth('start', ...source, ...environment, '--', 'bash', '-c', checks);
  process.stdout.write(out + err);
  const [id] = idsIn(out);
  if (id === undefined) throw new Error('the session did not start');
  const began = performance.now();
  const { code } = await world.berth('wait', id);
  const { out: log } = await world.berth('output', id, '--raw');
  const direct = await readFile(directLog, 'utf8');
  const session = await world.session(id);
  process.stdout.write(`${log}\n`);
  say(`the session took ${((performance.now() - began) / 1000).toFixed(0)} s and ended ${session?.status?.phase}, exit code ${code}`);
  say(log === direct ? `its log has all ${direct.length} characters that the checks wrote` : 'its log is NOT what the checks wrote');
  process.exitCode = log === direct ? code : 1;
} finally {
  await world.close();
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
