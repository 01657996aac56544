// Changes that cannot be, or that take something away beneath a running session: each is answered, and nothing else moves.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findCondition } from '../../controller/api/condition.ts';
import { type FolderWorld, openFolderWorld } from './folder-world.ts';
import { pool, session, TICKING } from './manifest-texts.ts';
import { note } from './message-table.ts';

const STEADY = (prompt: string): string => session('steady', TICKING, `  prompt: ${prompt}\n`);

const test = suite<{ world: FolderWorld; uid: string }>('changes beneath running sessions');

test.before(async (context) => {
  context.world = openFolderWorld();
  context.world.put('steady.yaml', STEADY('one'));
  await context.world.startController();
  context.uid = (await context.world.untilPhase('steady', 'Running')).metadata.uid;
});
test.after(({ world }) => world.close());
test.after.each(async ({ world, uid }) => {
  const steady = await world.session('steady');
  assert.equal([steady?.metadata.uid, steady?.metadata.generation, steady?.status?.phase, steady?.status?.attempt], [uid, 1, 'Running', 1]);
});

test('the prompt of a running session stays as it was, and how to go on is said', async ({ world }) => {
  const client = await world.client();
  world.put('steady.yaml', STEADY('two'));
  await world.until('the problem', async () => (await client.problems()).length > 0);
  const { err } = await world.berth('list');
  assert.match(err, /^steady\.yaml:1:1: Session default\/steady stays as it was: .*prompt.*create a new session/);
  assert.match((await world.berth('events', 'steady')).out, /ManifestNotTaken.*stays as it was/);
  assert.is((await world.session('steady'))?.spec.prompt, 'one');
  note('the prompt of a running session changed', err.trim());
  world.put('steady.yaml', STEADY('one'));
  await world.until('no problem', async () => (await client.problems()).length === 0);
});

test('a session without its secret waits for it, says so, and runs once it is there', async ({ world }) => {
  world.put(
    'needy.yaml',
    session('needy', 'echo "got $(printf %s "$KEY" | wc -c)"', '  env: [{name: KEY, secretRef: {name: vault, key: pass}}]\n'),
  );
  const waiting = await world.until('the wait', async () => {
    const needy = await world.session('needy');
    return needy?.status?.reason === 'SecretNotFound' && needy;
  });
  assert.is(waiting.status?.phase, 'Pending');
  assert.match((await world.berth('list', '--json')).out, /"reason": ?"SecretNotFound"/);
  note('missing secret', `${waiting.status?.reason}: ${waiting.status?.message}`);
  writeFileSync(join(world.base, 'value'), 'abcd');
  assert.is((await world.berth('secret', 'set', 'vault', 'pass', '--from-file', join(world.base, 'value'))).exit, 0);
  await world.untilPhase('needy', 'Completed');
  assert.match((await world.berth('output', 'needy', '--raw')).out, /^got 4\r?\n$/);
});

test('a running session whose file goes is asked to stop, then gone, and never runs again', async ({ world }) => {
  const traces = join(world.base, 'traces');
  const text = session('leaver', `trap 'echo stopped >> ${traces}; exit 0' TERM; echo started >> ${traces}; while :; do sleep 0.1; done`);
  world.put('leaver.yaml', text);
  const { metadata } = await world.untilPhase('leaver', 'Running');
  await world.until('its start', () => existsSync(traces));
  world.remove('leaver.yaml');
  await world.until('it is gone', async () => (await world.session('leaver')) === undefined);
  assert.is(readFileSync(traces, 'utf8'), 'started\nstopped\n');
  assert.match((await world.berth('output', 'leaver')).err, /^Error: Session ID not found/);

  world.put('leaver.yaml', text);
  const back = await world.untilPhase('leaver', 'Killed');
  assert.is(back.metadata.uid, metadata.uid);
  assert.is(findCondition(back.status?.conditions, 'Finished')?.status, 'True');
  assert.is(readFileSync(traces, 'utf8'), 'started\nstopped\n');
  note('the file of a finished session brought back', `${back.status?.phase}: ${back.status?.message ?? back.status?.reason}`);
});

test('a pool that is deleted places nothing more, lets run what runs, and goes after its VMs', async ({ world }) => {
  const client = await world.client();
  const go = join(world.base, 'go');
  world.put('side.yaml', pool('side'));
  world.put('runner.yaml', session('runner', `until [ -e ${go} ]; do sleep 0.1; done`, '  poolRef: {name: side}\n'));
  await world.untilPhase('runner', 'Running');
  world.remove('side.yaml');
  await world.until('it is being deleted', async () => {
    const side = await client.get('VMPool', { namespace: 'default', name: 'side' });
    return side?.metadata.deletionTimestamp !== undefined;
  });
  world.put('late.yaml', session('late', 'echo late', '  poolRef: {name: side}\n'));
  const late = await world.until('the wait', async () => {
    const found = await world.session('late');
    return found?.status?.reason === 'PoolDeleting' && found;
  });
  note('a session for a pool that is being deleted', `${late.status?.reason}: ${late.status?.message}`);
  assert.is((await world.session('runner'))?.status?.phase, 'Running');
  writeFileSync(go, '');
  assert.is((await world.untilPhase('runner', 'Completed')).status?.exitCode, 0);
  await world.until('the pool is gone', async () => (await client.get('VMPool', { namespace: 'default', name: 'side' })) === undefined);
  assert.equal(
    (await client.list('VM')).map(({ spec }) => spec.poolRef.name).filter((name) => name === 'side'),
    [],
  );
  const orphan = await world.until('the next wait', async () => {
    const found = await world.session('late');
    return found?.status?.reason === 'PoolNotFound' && found;
  });
  note('a session for a pool that is not there', `${orphan.status?.reason}: ${orphan.status?.message}`);
});

test('a pool deleted with --now stops what runs', async ({ world }) => {
  const client = await world.client();
  mkdirSync(join(world.base, 'elsewhere'));
  writeFileSync(join(world.base, 'elsewhere', 'brief.yaml'), pool('brief'));
  assert.match((await world.berth('apply', '-f', join(world.base, 'elsewhere'))).out, /vmpool\.berth\.dev\/brief created/);
  world.put('victim.yaml', session('victim', TICKING, '  poolRef: {name: brief}\n'));
  await world.untilPhase('victim', 'Running');
  assert.is((await world.berth('delete', 'vmpool', 'brief', '--now')).exit, 0);
  const victim = await world.untilPhase('victim', 'Killed');
  note('a session of a pool deleted with --now', `${victim.status?.phase}: ${victim.status?.message ?? victim.status?.reason}`);
  await world.until('the pool is gone', async () => (await client.get('VMPool', { namespace: 'default', name: 'brief' })) === undefined);
});

test('a second controller is told who holds the folder, and ends with 3', async ({ world }) => {
  const { exit, err } = await world.berth('controller');
  assert.is(exit, 3);
  assert.match(err, /^Error: the state folder .* is held by another controller: process \d+ on \S+, since \S+ \(.*controller/);
  note('a second controller on the same folder', err.trim());
});

test.run();
