// The program as people run it: real processes, a real directory store, a real controller in the background.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const MAIN = resolve(import.meta.dirname, '../../cli/main.ts');

interface World {
  folder: string;
  root: string;
}

interface Ended {
  readonly exit: number | null;
  readonly out: string;
  readonly err: string;
}

const test = suite<World>('program');

test.before.each(async (world) => {
  world.folder = await realpath(await mkdtemp(join(tmpdir(), 'berth-program-')));
  world.root = join(world.folder, 'manifests');
});

test.after.each(async (world) => {
  await berth(world, 'kill', '--all', '--force');
  await berth(world, 'down');
  await rm(world.folder, { recursive: true, force: true });
});

const launch = (world: World, words: readonly string[]): ChildProcess =>
  spawn(process.execPath, [MAIN, ...words], {
    env: { PATH: process.env.PATH, HOME: world.folder, BERTH_STORE: `dir:${world.root}` },
    stdio: ['pipe', 'pipe', 'pipe'],
  });

const ended = (child: ChildProcess, input = ''): Promise<Ended> =>
  new Promise((done) => {
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('close', (exit) => done({ exit, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }));
    child.stdin?.end(input);
  });

const berth = (world: World, ...words: readonly string[]): Promise<Ended> => ended(launch(world, words));

test('starts a command, brings a controller up, follows it and ends with its code', async (world) => {
  const started = await berth(world, 'start', '--', 'sh', '-c', 'echo hello; exit 3');
  assert.is(started.exit, 0, started.err);
  assert.match(started.err, 'No controller was running: started one in the background');
  assert.match(
    started.out,
    /^Starting 1 session\(s\)\.\.\.\n\nProvisioning new VM\.\.\.\n\n\[1\/1\] sess-[\s\S]*\nVM ready: default-0\nSession started on VM\.\n/,
  );
  const [id = ''] = /sess-\S+/.exec(started.out) ?? [];
  const followed = await berth(world, 'output', id, '--follow', '--raw');
  assert.equal([followed.exit, followed.out], [3, 'hello\n']);
  assert.is((await berth(world, 'wait', id)).exit, 3);
  const [item] = JSON.parse((await berth(world, 'list', '--json')).out).sessions;
  assert.equal([item.session_id, item.status, item.vm_name], [id, 'failed', 'default-0']);
  assert.is((await berth(world, 'down')).out, 'Controller stopped. Sessions go on.\n');
  assert.is((await berth(world, 'list')).err, '');
  assert.is((await berth(world, 'output', id, '--raw')).out, 'hello\n');
});

test('takes up a file that was there before, and kills what runs', async (world) => {
  await mkdir(world.root);
  await writeFile(
    join(world.root, 'x.yaml'),
    'apiVersion: berth.dev/v1alpha1\nkind: Session\nmetadata: {name: long}\nspec: {command: [sleep, "600"]}\n',
  );
  assert.match((await berth(world, 'list')).err, 'No controller was running');
  assert.is((await berth(world, 'wait', 'long', '--for', 'running', '--timeout', '20s')).exit, 0);
  const second = await berth(world, 'controller');
  assert.is(second.exit, 3);
  assert.match(second.err, /^Error: .*held by another controller: process \d+ on /);
  assert.is(
    (await berth(world, 'kill', 'long')).out,
    'Killing session: long\n  Sending SIGTERM...\n  Session terminated.\nStatus updated: killed\n',
  );
  assert.is((await berth(world, 'wait', 'long')).exit, 143);
});

test('Ctrl-C ends a follow with 130, and the session goes on', async (world) => {
  await berth(world, 'start', '--', 'sh', '-c', 'echo ready; sleep 600');
  const id = (await berth(world, 'list', '-o', 'name')).out.trim();
  const follower = launch(world, ['output', id, '-f', '--raw']);
  follower.stdout?.once('data', () => follower.kill('SIGINT'));
  assert.equal((await ended(follower)).exit, 130);
  assert.is((await berth(world, 'list', '--status', 'running', '-o', 'name')).out.trim(), id);
});

test('is quiet when a reader has seen enough', async (world) => {
  await berth(world, 'start', '--', 'sh', '-c', 'seq 1 200000');
  const id = (await berth(world, 'list', '-o', 'name')).out.trim();
  await berth(world, 'wait', id);
  const reader = launch(world, ['output', id, '--raw']);
  reader.stdout?.once('data', () => reader.stdout?.destroy());
  const { exit, err } = await ended(reader);
  assert.equal([exit, err], [0, '']);
});

test('validates files and folders without a controller or a store', async (world) => {
  const good = join(world.folder, 'good.yaml');
  const bad = join(world.folder, 'bad.yaml');
  await writeFile(good, 'apiVersion: berth.dev/v1alpha1\nkind: Session\nmetadata: {name: a}\nspec: {prompt: p}\n');
  await writeFile(bad, 'apiVersion: berth.dev/v1alpha1\nkind: Session\nmetadata: {name: b}\nspec:\n  prompt: p\n  size: xxl\n');
  assert.equal(await berth(world, 'validate', '-f', good), { exit: 0, out: '1 resource(s) valid\n', err: '' });
  const wrong = await berth(world, 'validate', '-f', world.folder);
  assert.is(wrong.exit, 2);
  assert.match(wrong.err, `${bad}:6:`);
  const piped = await ended(launch(world, ['validate', '-f', '-']), readFileSync(bad, 'utf8'));
  assert.is(piped.exit, 2);
  assert.match(piped.err, /^-:6:\d+: /);
  assert.match((await berth(world, 'validate', '-f', good, '-f', good)).err, 'is already defined in');
  assert.match((await berth(world, 'validate', '-f', join(world.folder, 'none'))).err, 'Error: cannot read ');
  assert.not(existsSync(world.root));
  for (const words of [['apply'], ['start', '--no-up']])
    assert.match((await berth(world, ...words, '-f', bad)).err, `Error: ${bad}:6:3: spec.size: `, words[0]);
});

test('a store may be named from the home folder', async (world) => {
  const manifest =
    'apiVersion: berth.dev/v1alpha1\nkind: VMPool\nmetadata: {name: p}\nspec: {provider: {type: Local, local: {}}, sizes: [{name: s}]}\n';
  const applied = await ended(launch(world, ['apply', '-f', '-', '--store', 'dir:~/deep/store']), manifest);
  assert.equal([applied.exit, applied.err], [0, '']);
  assert.ok(existsSync(join(world.folder, 'deep', 'store', 'vmpool-p.yaml')));
});

test('applies, explains, plans and deletes', async (world) => {
  const pool = join(world.folder, 'pool.yaml');
  await writeFile(
    pool,
    'apiVersion: berth.dev/v1alpha1\nkind: VMPool\nmetadata: {name: small}\nspec: {provider: {type: Local, local: {}}, sizes: [{name: s}]}\n',
  );
  assert.is((await berth(world, 'apply', '-f', pool)).out, 'vmpool.berth.dev/small created\n');
  assert.is((await berth(world, 'apply', '-f', pool)).out, 'vmpool.berth.dev/small unchanged\n');
  assert.match((await berth(world, 'explain', 'session.spec.size')).out, 'FIELD:    size <string>');
  assert.is((await berth(world, 'plan')).exit, 0);
  await berth(world, 'up');
  assert.match((await berth(world, 'get', 'bvp', 'small')).out, /small +Local/);
  assert.is((await berth(world, 'delete', 'vmpool', 'small')).out, 'vmpool.berth.dev/small deleted\n');
});

test('output that could not be written is no success', async (world) => {
  const full = openSync('/dev/full', 'w');
  const env = { PATH: process.env.PATH, HOME: world.folder };
  const child = spawn(process.execPath, [MAIN, 'version'], { env, stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  const err: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  const [exit] = await once(child, 'close');
  assert.equal([exit, Buffer.concat(err).toString()], [1, 'Error: cannot write the output: ENOSPC: no space left on device, write\n']);
});

test.run();
