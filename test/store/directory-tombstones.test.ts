// What is remembered of removed objects: as their files come and go while no controller runs, and when its time is over.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Session } from '../../controller/api/types.generated.ts';
import { expireRegularly } from '../../controller/store/directory/expire-tombstones.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { at, type DirectoryWorld, inDirectoryWorld, named, session, until, untilStored } from './directory-world.ts';

const test = suite('tombstones');

const check = inDirectoryWorld(test);

const finished: NonNullable<Session['status']> = {
  phase: 'Completed',
  conditions: [{ type: 'Finished', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z', reason: 'Completed', message: '' }],
};

/** Two files, of which that of `a` still stands when its object is removed and the controller ends. */
const leaveStanding = async (world: DirectoryWorld, status: NonNullable<Session['status']>): Promise<Session> => {
  world.put('a.yaml', session('a'));
  world.put('b.yaml', session('b'));
  const store = await world.open();
  const a = await store.patchStatus('Session', at(await untilStored(store, 'Session', 'a')), status);
  await store.delete('Session', at(a));
  await world.close();
  return a;
};

const fileStood = (world: DirectoryWorld): boolean =>
  readFileSync(join(world.root, '.berth/tombstones/sessions/default/a.yaml'), 'utf8').includes('file-stood');

check('a file that went while no controller ran, and comes back, is restored as finished', async (world) => {
  const a = await leaveStanding(world, finished);
  world.remove('a.yaml');
  const store = await world.open();
  await until('the file is seen to be gone', () => !fileStood(world));
  world.put('a.yaml', session('a'));
  const restored = await untilStored(store, 'Session', 'a');
  assert.equal([restored.metadata.uid, restored.status?.phase], [a.metadata.uid, 'Completed']);
});

check('from a folder that is empty nothing is concluded: what was removed does not run again', async (world) => {
  await leaveStanding(world, { phase: 'Running' });
  for (const name of ['a.yaml', 'b.yaml']) renameSync(join(world.root, name), join(world.base, name));
  const store = await world.open();
  await until('the notice', () => world.problems.some((text) => text.includes('the folder is empty')));
  for (const name of ['a.yaml', 'b.yaml']) renameSync(join(world.base, name), join(world.root, name));
  world.put('c.yaml', session('c'));
  await untilStored(store, 'Session', 'c');
  assert.ok(fileStood(world));
  assert.is(await store.get('Session', named('a')), undefined);
});

check('nor from a file that cannot be taken, until it goes', async (world) => {
  await leaveStanding(world, { phase: 'Running' });
  rmSync(join(world.root, '.berth/index.json'));
  world.put('a.yaml', `${session('a')}  nonsense: 1\n`);
  const store = await world.open();
  assert.ok(world.problems.some((text) => text.startsWith('a.yaml:')));
  assert.ok(fileStood(world));
  world.put('a.yaml', session('a'));
  await until('no problem', async () => (await world.client.problems()).length === 0);
  assert.is(await store.get('Session', named('a')), undefined);
  world.remove('a.yaml');
  await until('the file is seen to be gone', () => !fileStood(world));
});

check('nor before every file was read, where nothing is known of them any more', async (world) => {
  await leaveStanding(world, { phase: 'Running' });
  rmSync(join(world.root, '.berth/index.json'));
  const store = await world.open();
  assert.is(await store.get('Session', named('a')), undefined);
  assert.ok(fileStood(world));
});

check('one that cannot be read keeps its object from being made again, until it was mended or removed', async (world) => {
  await leaveStanding(world, { phase: 'Running' });
  const path = join(world.root, '.berth/tombstones/sessions/default/a.yaml');
  const whole = readFileSync(path);
  const ways = { c: () => writeFileSync(path, whole), d: () => rmSync(path) };
  for (const [next, mend] of Object.entries(ways)) {
    rmSync(join(world.root, '.berth/index.json'));
    writeFileSync(path, whole.subarray(0, 20));
    const store = await world.open();
    await until('the problem', async () => (await world.client.problems()).length > 0);
    const [problem] = await world.client.problems();
    assert.match(`${problem?.file} ${problem?.message}`, /^a\.yaml Session default\/a waits: .*\/a\.yaml: this state file is damaged/);
    mend();
    world.put(`${next}.yaml`, session(next));
    await until('no problem', async () => (await world.client.problems()).length === 0);
    assert.is((await store.get('Session', named('a'))) !== undefined, !existsSync(path));
    await world.close();
  }
});

test('one that cannot be removed is told every hour, and keeps no other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tombstones-'));
  const sessions = join(folder, 'tombstones/sessions/default');
  // No file can be removed where a folder stands, whoever asks.
  mkdirSync(join(sessions, 'a.yaml'), { recursive: true });
  writeFileSync(join(sessions, 'b.yaml'), '');
  const clock = createFakeClock(Date.now() + 10_000);
  const told: string[] = [];
  try {
    const cancel = expireRegularly(folder, { clock, retentionMs: 1_000, tell: (text) => told.push(text) }, () => false);
    assert.equal([readdirSync(sessions), told], [['a.yaml', 'b.yaml'], []]);
    await clock.advance(3_600_000);
    assert.equal([readdirSync(sessions), told.length], [['a.yaml'], 1]);
    assert.match(told[0] ?? '', /^tombstones that are past their time stay \(1\): cannot write .*a\.yaml/);
    await clock.advance(3_600_000);
    assert.is(told.length, 2);
    cancel();
    assert.is(clock.pending, 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
