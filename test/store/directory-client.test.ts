// What commands do to a folder, with and without a controller.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errorCode, errorMessage } from '../../controller/api/error.ts';
import { parseTarget } from '../../controller/store/open.ts';
import { inDirectoryWorld, named, session, until, untilGone, untilStored } from './directory-world.ts';

const test = suite('directory client');

const check = inDirectoryWorld(test);

const document = (name: string, prompt = 'x', more: object = {}): object => ({
  apiVersion: 'berth.dev/v1alpha1',
  kind: 'Session',
  metadata: { name },
  spec: { prompt, ...more },
});

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => new Error('no error'),
    (error: unknown) => error,
  );

check('apply writes <kind>-<name>.yaml, without a controller too, and says what changed', async (world) => {
  const path = join(world.root, 'session-a.yaml');
  assert.equal(await world.client.apply([{ document: document('a'), origin: 'stdin' }]), [
    { kind: 'Session', key: named('a'), change: 'created', path },
  ]);
  assert.match(readFileSync(path, 'utf8'), /berth\.dev\/cli: "?true"?/);
  assert.is((await world.client.apply([{ document: document('a'), origin: 'stdin' }]))[0]?.change, 'unchanged');
  assert.is((await world.client.apply([{ document: document('a', 'x', { priority: 3 }), origin: 'stdin' }]))[0]?.change, 'configured');
  const store = await world.open();
  assert.is((await store.get('Session', named('a')))?.spec.priority, 3);
  const refused = await failure(world.client.apply([{ document: document('a', 'other'), origin: 'f.yaml:1' }]));
  assert.is(errorCode(refused), 'invalid');
  assert.match(errorMessage(refused), /^f\.yaml:1: .*new session/);
});

check('an applied object appears when the controller has taken it', async (world) => {
  const store = await world.open();
  await world.client.apply([{ document: document('a'), origin: 'stdin' }]);
  await untilStored(store, 'Session', 'a');
});

check('apply refuses a name that a file of the user’s defines, names that file, and writes nothing', async (world) => {
  world.put('mine.yaml', session('a'));
  const refused = await failure(
    world.client.apply([
      { document: document('b'), origin: 'stdin' },
      { document: document('a'), origin: 'stdin' },
    ]),
  );
  assert.is(errorCode(refused), 'invalid');
  assert.match(errorMessage(refused), /already defined in .*mine\.yaml/);
  assert.not.ok(existsSync(join(world.root, 'session-b.yaml')));
});

check('applying a file that is in the folder already changes nothing', async (world) => {
  world.put('mine.yaml', session('a'));
  const applied = await world.client.apply([{ document: document('a', 'do it'), origin: join(world.root, 'mine.yaml') }]);
  assert.is(applied[0]?.change, 'unchanged');
});

check('delete removes what the CLI wrote, and refuses what the user wrote', async (world) => {
  world.put('mine.yaml', session('mine'));
  await world.client.apply([{ document: document('a'), origin: 'stdin' }]);
  const store = await world.open();
  const refused = await failure(world.client.delete('Session', named('mine')));
  assert.is(errorCode(refused), 'denied');
  assert.match(errorMessage(refused), /mine\.yaml/);
  await world.client.delete('Session', named('a'));
  assert.not.ok(existsSync(join(world.root, 'session-a.yaml')));
  await untilGone(store, 'Session', 'a');
  assert.ok(await store.get('Session', named('mine')));
});

check('a watch sees what the controller stores, without a poll, and its end', async (world) => {
  const store = await world.open();
  const abort = new AbortController();
  const changes = world.client.watch('Session', abort.signal)[Symbol.asyncIterator]();
  assert.equal((await changes.next()).value, { type: 'synced' });
  world.put('a.yaml', session('a'));
  const { value } = await changes.next();
  const stored = await untilStored(store, 'Session', 'a');
  assert.equal(value, { type: 'put', object: stored });
  await store.delete('Session', { ...named('a'), uid: stored.metadata.uid });
  assert.equal((await changes.next()).value, { type: 'gone', key: named('a'), uid: stored.metadata.uid });
  abort.abort();
  assert.ok((await changes.next()).done);
});

check('list reads through a cache that is never trusted blindly', async (world) => {
  for (let n = 0; n < 20; n += 1) world.put(`s${n}.yaml`, session(`s${n}`));
  await world.open();
  assert.is((await world.client.list('Session')).length, 20);
  const cache = join(world.state, 'cache/sessions.json');
  assert.ok(existsSync(cache));
  assert.equal(await world.client.list('Session'), await world.client.list('Session'));
  await world.client.patchSpec('Session', named('s3'), { priority: 9 });
  await until('the change', async () => (await world.client.list('Session')).some(({ spec }) => spec.priority === 9));
  writeFileSync(cache, '{"torn');
  assert.is((await world.client.list('Session')).length, 20);
});

check('secrets are files for their owner alone', async (world) => {
  const key = named('anthropic-env');
  await world.client.setSecret(key, { 'api-key': 's3cret' });
  const path = join(world.state, 'secrets/default/anthropic-env/api-key');
  assert.is(statSync(path).mode & 0o777, 0o600);
  assert.equal(await world.client.secrets(), [{ namespace: 'default', name: 'anthropic-env', keys: ['api-key'] }]);
  const store = await world.open({ environment: { BERTH_SECRET_GH_API_TOKEN: 't' } });
  assert.equal(await store.secret(key), { 'api-key': 's3cret' });
  assert.is((await store.secret(named('gh')))?.['api-token'], 't');
  assert.ok(await world.client.deleteSecret(key));
  assert.not.ok(await world.client.deleteSecret(key));
  assert.is(errorCode(await failure(world.client.setSecret({ namespace: 'default', name: '../x' }, {}))), 'invalid');
});

check('events are told with their counts', async (world) => {
  const store = await world.open();
  const regarding = { kind: 'Session' as const, uid: 'u', ...named('a') };
  for (let n = 0; n < 3; n += 1) store.record({ type: 'Normal', reason: 'PlacedSession', message: 'on p-0', regarding });
  const events = await until('the events', async () => ((await world.client.events()).length > 0 ? world.client.events() : undefined));
  assert.is(events.length, 1);
  assert.is(events[0]?.count, 3);
  await world.close();
  const again = await world.open();
  again.record({ type: 'Normal', reason: 'PlacedSession', message: 'on p-0', regarding });
  await world.close();
  assert.is((await world.client.events())[0]?.count, 4);
});

check('more than 20 % vanishing at once deletes nothing until it is confirmed', async (world) => {
  for (let n = 0; n < 12; n += 1) world.put(`many/s${n}.yaml`, session(`s${n}`));
  world.put('stays.yaml', session('stays'));
  const store = await world.open();
  world.remove('many');
  await until('the notice', () => world.problems.some((text) => text.includes('--confirm-prune')));
  assert.is((await store.list('Session')).length, 13);
  assert.ok(await until('the Event', async () => (await world.client.events()).some(({ reason }) => reason === 'DeletionHeld')));
  await world.client.confirmPrune();
  await until('deleted', async () => (await store.list('Session')).length === 1);
});

check('a newly empty root and a replaced one delete nothing', async (world) => {
  const state = join(world.base, 'state');
  world.put('a.yaml', session('a'));
  world.put('b.yaml', session('b'));
  const store = await world.open({ state });
  world.remove('a.yaml');
  world.remove('b.yaml');
  await until('the notice', () => world.problems.some((text) => text.includes('the folder is empty')));
  world.remove('.');
  await until('the notice', () => world.problems.some((text) => text.includes('the folder is missing')));
  world.put('c.yaml', session('c'));
  await untilStored(store, 'Session', 'c');
  await until('the notice', () => world.problems.some((text) => text.includes('another folder')));
  assert.is((await store.list('Session')).length, 3);
  world.put('a.yaml', session('a'));
  world.put('b.yaml', session('b'));
  await until('all is well', async () => JSON.parse(readFileSync(join(state, 'problems.json'), 'utf8')).length === 0);
});

test('a store is named as dir:PATH or cluster, and the message says so', () => {
  assert.equal(parseTarget('dir:x', '/base'), { type: 'dir', path: '/base/x' });
  assert.equal(parseTarget('cluster:kind', '/'), { type: 'cluster', context: 'kind' });
  assert.throws(() => parseTarget('x', '/'), /use dir:PATH or cluster/);
});

test.run();
