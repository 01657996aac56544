// The folder itself goes, or much of what is in it: nothing is deleted until people say that it is meant.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type FolderWorld, openFolderWorld } from './folder-world.ts';
import { pool, session } from './manifest-texts.ts';
import { note } from './message-table.ts';

/** More than a deletion takes to settle. */
const SETTLED_MS = 6_000;
const PARKED = Array.from({ length: 14 }, (_, index) => `parked-${index}`);

const test = suite<{ world: FolderWorld; counter: string; uids: ReadonlyMap<string, string> }>('a folder that goes');

test.before(async (context) => {
  const world = openFolderWorld();
  context.world = world;
  context.counter = join(world.base, 'counter');
  world.put('lot.yaml', pool('lot', '  paused: true\n'));
  for (const name of PARKED) world.put(`${name}.yaml`, session(name, 'echo never', '  poolRef: {name: lot}\n'));
  world.put('steady.yaml', session('steady', `for ((i = 1; ; i++)); do echo "$i"; echo "$i" >> ${context.counter}; sleep 0.1; done`));
  await world.startController();
  await world.untilPhase('steady', 'Running');
  context.uids = await uidsOf(world);
  assert.is(context.uids.size, PARKED.length + 1);
});
test.after(({ world }) => world.close());

test('when it is moved away and back, state and all, deletes and disturbs nothing', async ({ world, counter, uids }) => {
  const away = `${world.root}-away`;
  renameSync(world.root, away);
  await world.until('it is said', () => /missing or cannot be read: nothing is deleted/.test(world.log()));
  note('the whole folder moved away', /[^"]*missing or cannot be read[^"]*/.exec(world.log())?.[0] ?? '');
  await world.until('time to settle', elapsed(SETTLED_MS));
  assert.not(existsSync(world.root), 'the folder was made anew');
  renameSync(away, world.root);
  const client = await world.client();
  const before = lines(counter);
  world.put('fresh.yaml', session('fresh', 'echo fresh'));
  await world.untilPhase('fresh', 'Completed');
  await world.until('all is well', async () => (await client.problems()).length === 0);
  await world.until('it counts on', () => lines(counter) > before);
  world.remove('fresh.yaml');
  await world.until('fresh is gone', async () => (await world.session('fresh')) === undefined);
  assert.equal(await uidsOf(world), uids);
  assert.is((await world.session('steady'))?.status?.phase, 'Running');
});

test('when many files vanish at once deletes none of them until it is confirmed', async ({ world, uids }) => {
  const client = await world.client();
  for (const name of PARKED.slice(0, 12)) world.remove(`${name}.yaml`);
  await world.until('it is said', async () => (await client.problems()).some(({ message }) => message.includes('vanished at once')));
  const { err, exit } = await world.berth('status');
  assert.is(exit, 0, err);
  assert.match(err, /the files of 12 objects vanished at once, so none of them is deleted: .*'berth apply --confirm-prune'/);
  assert.match((await world.berth('events')).out, /DeletionHeld/);
  note('many files vanished at once', err.trim());
  await world.until('time to settle', elapsed(SETTLED_MS));
  assert.equal(await uidsOf(world), uids);
  const confirmed = await world.berth('apply', '--confirm-prune');
  assert.is(confirmed.exit, 0);
  note('berth apply --confirm-prune', confirmed.out.trim());
  await world.until('they are gone', async () => (await uidsOf(world)).size === uids.size - 12);
  await world.until('all is well', async () => (await client.problems()).length === 0);
  const steady = await world.session('steady');
  assert.equal([steady?.metadata.uid, steady?.status?.phase, steady?.status?.attempt], [uids.get('steady'), 'Running', 1]);
});

test('when it is empty all at once deletes nothing', async ({ world }) => {
  const uids = await uidsOf(world);
  const attic = join(world.base, 'attic');
  mkdirSync(attic);
  const names = readdirSync(world.root).filter((name) => !name.startsWith('.'));
  for (const name of names) renameSync(join(world.root, name), join(attic, name));
  const client = await world.client();
  await world.until('it is said', async () => (await client.problems()).some(({ message }) => message.includes('is empty')));
  const { err } = await world.berth('list');
  assert.match(err, /the folder is empty: nothing is deleted; bring the files back, or run 'berth apply --confirm-prune'/);
  note('a newly empty folder', err.trim());
  await world.until('time to settle', elapsed(SETTLED_MS));
  assert.equal(await uidsOf(world), uids);
  for (const name of names) renameSync(join(attic, name), join(world.root, name));
  await world.until('all is well', async () => (await client.problems()).length === 0);
  assert.equal(await uidsOf(world), uids);
});

test.run();

async function uidsOf(world: FolderWorld): Promise<ReadonlyMap<string, string>> {
  const sessions = await (await world.client()).list('Session');
  return new Map(
    sessions
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata }): [string, string] => [metadata.name, metadata.uid])
      .sort(),
  );
}

/** That nothing happens can only be seen over a time. */
function elapsed(ms: number): () => boolean {
  const end = performance.now() + ms;
  return () => performance.now() > end;
}

function lines(path: string): number {
  return readFileSync(path, 'utf8').split('\n').length;
}
