// A session at work in a repository: this one, cloned by its URL. Its log is complete, and its exit code the checks' own.
import { spawnSync } from 'node:child_process';
import { readFile, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { idsIn } from './normalise.ts';
import { openUserWorld, type UserWorld } from './world.ts';

const repository = resolve(import.meta.dirname, '..', '..');
/** What a person would type; packages come from the checkout under test, so that it needs no network. */
const checks = `set -o pipefail
{ git log -1 --format=%H && ln -s "$PACKAGES" node_modules &&
  node_modules/.bin/node test/run.ts test/runtime/queue.test.ts test/crds/crds.test.ts && node_modules/.bin/node crds/generate.ts --check
} 2>&1 | tee "$DIRECT"`;

const test = suite('a session at work in this repository');
let world: UserWorld;

test.before(async () => {
  world = await openUserWorld();
  // A checkout that is a link, shallow or a worktree has no folder .git to clone from.
  const bare = git('clone', '--bare', '--no-hardlinks', repository, join(world.root, 'berth.git'));
  assert.is(bare.status, 0, bare.stderr);
  await symlink(join(repository, 'node_modules'), join(world.root, 'packages'));
});
test.after(() => world.close());

test('clones it, runs checks there, and has every byte of their output', async () => {
  const id = await start(checks);
  const done = await world.berth('output', id, '--follow');
  assert.is(done.code, 0, done.out + done.err);
  const direct = await readFile(join(world.root, 'direct.log'), 'utf8');
  assert.is((await world.berth('output', id, '--raw')).out, direct);
  const head = git('-C', repository, 'rev-parse', 'HEAD').stdout.trim();
  assert.is(direct.split('\n')[0], head);
  assert.match(direct, /^\d+ passed, 0 failed/m);
  const { status } = (await world.session(id)) ?? {};
  assert.is(status?.phase, 'Completed');
  assert.is(status?.exitCode, 0);
  assert.is(status?.output?.bytes, Buffer.byteLength(direct));
});

test('ends with the exit code of checks that fail', async () => {
  const id = await start('test -f SPECIFICATION.md || { echo "no SPECIFICATION.md"; exit 3; }');
  assert.is((await world.berth('wait', id)).code, 3);
  const { status } = (await world.session(id)) ?? {};
  assert.equal([status?.phase, status?.reason, status?.exitCode], ['Failed', 'AgentFailed', 3]);
  assert.match(status?.output?.tail ?? '', 'no SPECIFICATION.md');
});

test('says why a repository can not be had', async () => {
  const { out } = await world.berth('start', '--detach', '--repo', `file://${world.root}/nothing.git`, '--', 'true');
  const failed = await world.reaches(idsIn(out)[0] ?? '', 'Failed');
  assert.is(failed.status?.reason, 'SourceFailed');
  assert.match(failed.status?.message ?? '', 'nothing.git');
});

test.run();

async function start(script: string): Promise<string> {
  const env = [`PACKAGES=${join(world.root, 'packages')}`, `DIRECT=${join(world.root, 'direct.log')}`].flatMap((entry) => ['--env', entry]);
  const { out, err } = await world.berth('start', '--repo', `file://${world.root}/berth.git`, ...env, '--', 'bash', '-c', script);
  const [id] = idsIn(out);
  if (id === undefined) throw new Error(out + err);
  return id;
}

function git(...words: readonly string[]) {
  return spawnSync('git', words, { encoding: 'utf8', env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' } });
}
