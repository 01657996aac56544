// One controller per state folder, held by a lock that the kernel releases.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, renameSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errorCode, errorMessage } from '../../controller/api/error.ts';
import { acquireLock, holderOf } from '../../controller/store/directory/lock.ts';
import { createDirectoryWorld, named, session, until } from './directory-world.ts';

const test = suite('directory lock');

const MODULE = new URL('../../controller/store/directory/lock.ts', import.meta.url).href;
const HOLDER = { pid: process.pid, host: 'h', startTime: '2026-01-01T00:00:00Z', command: 'berth controller' };

test('a second controller is told who holds the folder, in this process and in another', async () => {
  const world = createDirectoryWorld();
  try {
    await world.open();
    const refused = await acquireLock(world.state, HOLDER).catch((error: unknown) => error);
    assert.is(errorCode(refused), 'denied');
    assert.match(errorMessage(refused), new RegExp(`held by another controller: process ${process.pid} on .+, since .+ \\(test\\)`));
    assert.is((await world.client.holder())?.pid, process.pid);
    await world.close();
    assert.is(await world.client.holder(), undefined);
  } finally {
    await world.end();
  }
});

test('who held a folder that was moved away takes nothing from who holds the one in its place', async () => {
  const world = createDirectoryWorld();
  try {
    mkdirSync(world.state, { recursive: true });
    const first = await acquireLock(world.state, HOLDER);
    renameSync(world.state, `${world.state}.moved`);
    mkdirSync(world.state);
    const later = { ...HOLDER, startTime: '2026-01-01T00:00:05Z' };
    const second = await acquireLock(world.state, later);
    first.release();
    assert.equal(await holderOf(world.state), later);
    second.release();
    assert.is(await holderOf(world.state), undefined);
  } finally {
    await world.end();
  }
});

test('a killed controller holds nothing, and what it stored is there', async () => {
  const world = createDirectoryWorld();
  world.put('a.yaml', session('a'));
  await world.open();
  await world.close();
  const code = `const { acquireLock } = await import(${JSON.stringify(MODULE)}); await acquireLock(process.argv[1], ${JSON.stringify(HOLDER)}); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, world.state], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(child.stdout, 'data');
    assert.equal(await holderOf(world.state), HOLDER);
    assert.is(errorCode(await world.open().catch((error: unknown) => error)), 'denied');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await until('released', async () => (await holderOf(world.state)) === undefined);
    const store = await world.open();
    assert.ok(await store.get('Session', named('a')));
  } finally {
    child.kill('SIGKILL');
    await world.end();
  }
});

test.run();
