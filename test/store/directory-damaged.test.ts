import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Kind } from '../../controller/api/object.ts';
import type { Store } from '../../controller/store/store.ts';
import { fastClock } from '../fakes/fast-clock.ts';
import { at, createDirectoryWorld, type DirectoryWorld, named, pool, session, until, untilStored } from './directory-world.ts';

const test = suite('directory: damaged state files');

const check = (name: string, body: (world: DirectoryWorld) => Promise<void>): void => {
  test(name, async () => {
    const world = createDirectoryWorld({ clock: fastClock(4) });
    try {
      await body(world);
    } finally {
      await world.end();
    }
  });
};

const vmSpec = { poolRef: { name: 'p' }, size: 'l', slots: 4, cordoned: false } as const;
const failure = (what: Promise<unknown>): Promise<string> => what.then(() => 'nothing', String);

/** What a watcher of the kind has seen when all was told. */
const seenBy = async (store: Store, kind: Kind): Promise<readonly string[]> => {
  const end = new AbortController();
  const names: string[] = [];
  for await (const change of store.watch(kind, end.signal)) {
    if (change.type === 'put') names.push(change.object.metadata.name);
    else if (change.type === 'synced') break;
  }
  end.abort();
  return names.toSorted();
};

/** A folder with sessions `a` and `b` and VMs `p-0` and `q-0`, whose file of `a` or `p-0` was put aside for `content`. */
const openDamaged = async (world: DirectoryWorld, file: string, content: string) => {
  world.put('a.yaml', session('a'));
  world.put('b.yaml', session('b'));
  world.put('p.yaml', pool('p'));
  const before = await world.open();
  const made = await untilStored(before, 'Session', 'a');
  await before.patchStatus('Session', at(made), { phase: 'Running' });
  for (const name of ['p-0', 'q-0']) await before.create('VM', { metadata: named(name), spec: vmSpec });
  await world.close();
  const path = join(world.state, file);
  renameSync(path, join(world.base, 'aside'));
  if (content === 'folder') mkdirSync(path);
  else writeFileSync(path, content);
  const store = await world.open();
  return {
    path,
    store,
    uid: made.metadata.uid,
    restore: () => {
      rmSync(path, { recursive: true });
      copyFileSync(join(world.base, 'aside'), path);
    },
  };
};

check('nothing is concluded from what cannot be read, and all else goes on', async (world) => {
  const { store, path } = await openDamaged(world, 'sessions/default/a.yaml', 'kind: [');
  const why = `${path}: this state file is damaged or not one of ours: nothing is done to what it described until it is restored, or removed`;
  for (const read of [store.get('Session', named('a')), store.list('Session')]) assert.match(await failure(read), why);
  assert.match(await failure(world.client.get('Session', named('a'))), why);
  assert.ok(world.problems.some((text) => text.startsWith(why)));
  await until('what commands say', async () => (await world.client.problems()).some(({ file }) => file === path));
  assert.equal(await seenBy(store, 'Session'), ['b']);
  assert.ok(await store.get('Session', named('b')));
  assert.is(await store.get('Session', named('none')), undefined);
  assert.is((await store.list('VM')).length, 2);
});

check('what is restored is taken in at once, as it was', async (world) => {
  const { store, restore, uid } = await openDamaged(world, 'sessions/default/a.yaml', 'kind: [');
  restore();
  const a = await until('the session', () => store.get('Session', named('a')).catch(() => undefined));
  assert.equal([a.metadata.uid, a.status?.phase], [uid, 'Running']);
  assert.is((await store.list('Session')).length, 2);
  await until('no problem', async () => (await world.client.problems()).length === 0);
  await store.patchStatus('Session', at(a), { phase: 'Completed' });
  world.remove('a.yaml');
  await until('its deletion, as of any other', async () => (await store.get('Session', named('a'))) === undefined);
});

check('a copy that is still being written is not taken for the whole', async (world) => {
  const { store, path } = await openDamaged(world, 'sessions/default/a.yaml', 'kind: [');
  const whole = readFileSync(join(world.base, 'aside'), 'utf8');
  const cut = whole.slice(0, whole.indexOf('status:'));
  for (let n = 0; n < 15; n += 1) {
    writeFileSync(path, `${cut}# ${n}\n`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  writeFileSync(path, whole);
  const a = await until('the session', () => store.get('Session', named('a')).catch(() => undefined));
  assert.is(a.status?.phase, 'Running');
});

check('what is removed is given up: its manifest makes it anew', async (world) => {
  const { store, path, uid } = await openDamaged(world, 'sessions/default/a.yaml', 'kind: [');
  rmSync(path);
  const a = await until('a new session', () => store.get('Session', named('a')).catch(() => undefined));
  assert.is.not(a.metadata.uid, uid);
});

check('a file that cannot be read for now says so, and counts as damaged until it can', async (world) => {
  const { store, restore } = await openDamaged(world, 'vms/default/p-0.yaml', 'folder');
  assert.match(await failure(store.list('VM')), 'p-0.yaml: this state file cannot be read (EISDIR)');
  assert.match(await failure(store.get('VM', named('p-0'))), 'EISDIR');
  assert.match(await failure(store.create('VM', { metadata: named('p-1'), spec: vmSpec })), 'EISDIR');
  await store.create('VM', { metadata: named('q-1'), spec: vmSpec });
  restore();
  await until('the VM', () => store.get('VM', named('p-0')).catch(() => undefined));
  await store.create('VM', { metadata: named('p-1'), spec: vmSpec });
});

check('a verb waits for its object, and the command says why there is none', async (world) => {
  world.put('a.yaml', session('a'));
  await world.open();
  await world.client.patchSpec('Session', named('a'), { priority: 1 });
  await until('it was taken up', async () => (await world.store.get('Session', named('a')))?.spec.priority === 1);
  await world.close();
  await world.client.patchSpec('Session', named('a'), { priority: 2 });
  const path = join(world.state, 'sessions/default/a.yaml');
  renameSync(path, join(world.base, 'aside'));
  writeFileSync(path, '');
  const store = await world.open();
  assert.match(await failure(world.client.patchSpec('Session', named('a'), { priority: 3 })), 'is damaged');
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  renameSync(join(world.base, 'aside'), path);
  await until('the verb', async () => (await store.get('Session', named('a')).catch(() => undefined))?.spec.priority === 2);
});

check('a folder of objects that cannot be listed is not an empty one: no controller starts on it', async (world) => {
  world.put('a.yaml', session('a'));
  await untilStored(await world.open(), 'Session', 'a');
  await world.close();
  const folder = join(world.state, 'sessions/default');
  renameSync(folder, join(world.base, 'aside'));
  symlinkSync('default', folder);
  assert.match(await failure(world.open()), `cannot list the state folder ${folder}: ELOOP`);
  rmSync(folder);
  renameSync(join(world.base, 'aside'), folder);
  await untilStored(await world.open(), 'Session', 'a');
});

test.run();
