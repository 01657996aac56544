// SPEC section 4 on real files: what a folder of manifests means.
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errorCode, errorMessage } from '../../controller/api/error.ts';
import { at, inDirectoryWorld, named, pool, session, until, untilGone, untilStored } from './directory-world.ts';

const test = suite('directory store');

const check = inDirectoryWorld(test);

check('applying is writing a file: a file that was there, one that comes, and one that changes', async (world) => {
  world.put('a.yaml', session('a'));
  const store = await world.open();
  const a = await untilStored(store, 'Session', 'a');
  assert.is(a.metadata.generation, 1);
  assert.is(a.metadata.annotations?.['berth.dev/source'], 'a.yaml');
  world.put('deep/er/b.yml', `${session('b')}---\n${pool('p')}`);
  await untilStored(store, 'Session', 'b');
  await untilStored(store, 'VMPool', 'p');
  world.put('a.yaml', session('a', 'do it', '  priority: 5\n'));
  const changed = await untilStored(store, 'Session', 'a', (object) => object.spec.priority === 5);
  assert.is(changed.metadata.generation, 2);
  assert.is(changed.metadata.uid, a.metadata.uid);
});

check('the state folder holds the resource, and is ignored by Git', async (world) => {
  world.put('a.yaml', session('a'));
  await world.open();
  assert.match(
    readFileSync(join(world.root, '.berth/sessions/default/a.yaml'), 'utf8'),
    /^apiVersion: berth\.dev\/v1alpha1\nkind: Session\n/,
  );
  assert.is(readFileSync(join(world.root, '.berth/.gitignore'), 'utf8'), '*\n');
});

check('dot-folders, kustomizations, charts, .berthignore and other API groups are passed over', async (world) => {
  world.put('.hidden/a.yaml', session('hidden'));
  world.put('k/kustomization.yaml', 'resources: []\n');
  world.put('k/b.yaml', session('kustomized'));
  world.put('.berthignore', 'drafts/\n*.skip.yaml\n');
  world.put('drafts/c.yaml', session('draft'));
  world.put('d.skip.yaml', session('skipped'));
  world.put('e.yaml', `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n---\n${session('e')}`);
  const store = await world.open();
  assert.equal(
    (await store.list('Session')).map((object) => object.metadata.name),
    ['e'],
  );
  assert.is(world.problems.length, 1);
  assert.match(world.problems[0] ?? '', /kustomization/);
});

check('links that lead out, loops, and what is no file are reported and never fatal', async (world) => {
  world.put('a.yaml', session('a'));
  writeFileSync(join(world.base, 'out.yaml'), session('out'));
  symlinkSync(join(world.base, 'out.yaml'), join(world.root, 'out.yaml'));
  symlinkSync('..', join(world.root, 'loop'));
  symlinkSync('.', join(world.root, 'here'));
  symlinkSync('self.yaml', join(world.root, 'self.yaml'));
  mkdirSync(join(world.root, '..data'));
  writeFileSync(join(world.root, '..data/mapped.yaml'), session('mapped'));
  symlinkSync('..data/mapped.yaml', join(world.root, 'mapped.yaml'));
  const store = await world.open();
  assert.equal((await store.list('Session')).map((object) => object.metadata.name).toSorted(), ['a', 'mapped']);
  assert.ok(world.problems.some((text) => text.startsWith('out.yaml: a link that leads out')));
  assert.ok(world.problems.some((text) => text.startsWith('self.yaml: a link that leads nowhere')));
});

check('an invalid file changes nothing, and file, line and column are said', async (world) => {
  world.put('a.yaml', session('a'));
  const store = await world.open();
  const a = await untilStored(store, 'Session', 'a');
  world.put('a.yaml', `${session('a')}  nonsense: 1\n`);
  await until('the problem', () => world.problems.some((text) => /^a\.yaml:6:\d+: .*unknown field "spec.nonsense"/.test(text)));
  assert.equal(await store.get('Session', named('a')), a);
  await until('the list of problems', async () => (await world.client.problems())[0]?.line === 6);
  world.put('a.yaml', session('a'));
  await until('no problem', async () => (await world.client.problems()).length === 0);
  assert.equal(await store.get('Session', named('a')), a);
});

check('a change of what is immutable leaves the last good state, and says what to do', async (world) => {
  world.put('a.yaml', session('a', 'one'));
  const store = await world.open();
  world.put('a.yaml', session('a', 'two'));
  await until('the problem', () =>
    world.problems.some((text) => /^a\.yaml:\d+:\d+: Session default\/a stays as it was: .*new session/.test(text)),
  );
  assert.is((await store.get('Session', named('a')))?.spec.prompt, 'one');
  assert.ok(await until('the Event', async () => (await world.client.events()).find((event) => event.reason === 'ManifestNotTaken')));
});

check('of two files that define a name the first goes on, whatever the second is called', async (world) => {
  world.put('m.yaml', session('a', 'first'));
  const store = await world.open();
  world.put('b.yaml', session('a', 'second'));
  await until('the problem', () =>
    world.problems.some((text) => /^b\.yaml:1:1: Session default\/a is already defined in m\.yaml/.test(text)),
  );
  assert.is((await store.get('Session', named('a')))?.spec.prompt, 'first');
  world.remove('b.yaml');
  await until('no problem', async () => (await world.client.problems()).length === 0);
});

check('a file that is moved keeps its objects', async (world) => {
  world.put('a.yaml', session('a'));
  const store = await world.open();
  const a = await untilStored(store, 'Session', 'a');
  mkdirSync(join(world.root, 'sub'));
  renameSync(join(world.root, 'a.yaml'), join(world.root, 'sub/b.yaml'));
  const moved = await untilStored(store, 'Session', 'a', (object) => object.metadata.annotations?.['berth.dev/source'] === 'sub/b.yaml');
  assert.is(moved.metadata.uid, a.metadata.uid);
  assert.is(moved.metadata.generation, 1);
});

check('deleting is removing the file: after 5 s and one complete scan', async (world) => {
  world.put('a.yaml', session('a'));
  world.put('b.yaml', session('b'));
  const store = await world.open();
  const began = performance.now();
  world.remove('a.yaml');
  await untilGone(store, 'Session', 'a');
  assert.ok(performance.now() - began >= 5_000);
  assert.ok(await store.get('Session', named('b')));
});

check('a verb stands until the file changes that field', async (world) => {
  world.put('a.yaml', session('a', 'x', '  priority: 1\n'));
  const store = await world.open();
  await world.client.patchSpec('Session', named('a'), { priority: 7 });
  const patched = await untilStored(store, 'Session', 'a', (object) => object.spec.priority === 7);
  assert.is(patched.metadata.generation, 2);
  assert.equal(readdirSync(join(world.state, 'requests')), []);
  world.put('a.yaml', session('a', 'x', '  priority: 1\n  activeDeadlineSeconds: 60\n'));
  const other = await untilStored(store, 'Session', 'a', (object) => object.spec.activeDeadlineSeconds === 60);
  assert.is(other.spec.priority, 7);
  await world.close();
  const again = await world.open();
  assert.is((await again.get('Session', named('a')))?.spec.priority, 7);
  world.put('a.yaml', session('a', 'x', '  priority: 2\n  activeDeadlineSeconds: 60\n'));
  await untilStored(again, 'Session', 'a', (object) => object.spec.priority === 2);
});

check('a verb that may not be is refused at once; one left while no controller ran is taken when one does', async (world) => {
  world.put('a.yaml', session('a'));
  await world.open();
  await world.close();
  const refused = await world.client.patchSpec('Session', named('a'), { prompt: 'other' }).catch((error: unknown) => error);
  assert.is(errorCode(refused), 'invalid');
  await world.client.patchSpec('Session', named('a'), { shutdown: 'Immediate' });
  const store = await world.open();
  assert.is((await store.get('Session', named('a')))?.spec.shutdown, 'Immediate');
});

check('a finished session whose file stands stays gone, comes back finished with its file, and is new when changed', async (world) => {
  world.put('a.yaml', session('a', 'one'));
  world.put('b.yaml', session('b'));
  const store = await world.open();
  const a = await untilStored(store, 'Session', 'a');
  const finished = await store.patchStatus('Session', at(a), {
    phase: 'Completed',
    conditions: [{ type: 'Finished', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z', reason: 'Completed', message: '' }],
  });
  await store.delete('Session', at(finished));
  assert.is(await store.get('Session', named('a')), undefined);
  await world.close();
  const again = await world.open();
  assert.is(await again.get('Session', named('a')), undefined);
  world.remove('a.yaml');
  await until(
    'the file is seen to be gone',
    () => !readFileSync(join(world.state, 'tombstones/sessions/default/a.yaml'), 'utf8').includes('file-stood'),
  );
  // The status that was mirrored is ignored on reading.
  world.put('a.yaml', `${session('a', 'one')}status: {phase: Pending}\n`);
  const restored = await untilStored(again, 'Session', 'a');
  assert.is(restored.metadata.uid, a.metadata.uid);
  assert.is(restored.status?.phase, 'Completed');
  assert.is.not(restored.metadata.resourceVersion, finished.metadata.resourceVersion);
  await again.delete('Session', at(restored));
  world.put('a.yaml', session('a', 'two'));
  const changed = await untilStored(again, 'Session', 'a');
  assert.is.not(changed.metadata.uid, a.metadata.uid);
  assert.is(changed.status?.phase, undefined);
});

check('a file that comes back while its object leaves waits until it is gone', async (world) => {
  world.put('a.yaml', session('a'));
  world.put('b.yaml', session('b'));
  const store = await world.open();
  const held = await store.patchFinalizers('Session', at(await untilStored(store, 'Session', 'a')), ['berth.dev/cleanup']);
  await store.delete('Session', at(held));
  const leaving = await untilStored(store, 'Session', 'a', (object) => object.metadata.deletionTimestamp !== undefined);
  world.put('a.yaml', session('a', 'other'));
  world.put('c.yaml', session('c'));
  await untilStored(store, 'Session', 'c');
  assert.is((await store.get('Session', named('a')))?.metadata.uid, held.metadata.uid);
  await store.patchFinalizers('Session', at(leaving), []);
  const next = await untilStored(store, 'Session', 'a');
  assert.is(next.spec.prompt, 'other');
});

check('a session that refers to pool default has a built-in one, which a file of that name replaces', async (world) => {
  world.put('a.yaml', session('a'));
  const store = await world.open();
  const builtin = await untilStored(store, 'VMPool', 'default');
  assert.is(builtin.metadata.annotations?.['berth.dev/builtin'], 'true');
  assert.equal(
    builtin.spec.sizes.map(({ name }) => name),
    ['l', 's', 'm', 'xl'],
  );
  assert.is(builtin.spec.maxVMs, 10);
  assert.is(errorCode(await world.client.delete('VMPool', named('default')).catch((error: unknown) => error)), 'denied');
  world.put('pool.yaml', pool('default', '  maxVMs: 3\n'));
  const own = await untilStored(store, 'VMPool', 'default', (object) => object.spec.maxVMs === 3);
  assert.is(own.metadata.annotations?.['berth.dev/builtin'], undefined);
});

check('status is mirrored into the user’s file at phase changes, byte-exact elsewhere, and is no change of the user’s', async (world) => {
  const text =
    '# mine\nkind: Session   # odd order\napiVersion: berth.dev/v1alpha1\nmetadata: {name:   a}\nspec:\n    prompt:   "x"  # why\n';
  world.put('a.yaml', text);
  const store = await world.open();
  const a = await untilStored(store, 'Session', 'a');
  const running = await store.patchStatus('Session', at(a), { phase: 'Running', attempt: 1 });
  await until('the mirror', () => world.read('a.yaml') !== text);
  assert.is(world.read('a.yaml'), `${text}status:\n  phase: Running\n  attempt: 1\n`);
  const quiet = await store.patchStatus('Session', at(running), { phase: 'Running', attempt: 2 });
  await store.patchStatus('Session', at(quiet), { phase: 'Completed', exitCode: 0 });
  await until('the mirror', () => world.read('a.yaml') === `${text}status:\n  phase: Completed\n  exitCode: 0\n`);
  world.put('b.yaml', session('b'));
  await untilStored(store, 'Session', 'b');
  assert.is((await store.get('Session', named('a')))?.metadata.generation, 1);
});

check('--write-status never, and a Git work tree, leave the user’s files alone', async (world) => {
  world.put('a.yaml', session('a'));
  mkdirSync(join(world.root, '.git'));
  const store = await world.open();
  assert.ok(!world.state.startsWith(world.root));
  await store.patchStatus('Session', at(await untilStored(store, 'Session', 'a')), { phase: 'Running' });
  world.put('b.yaml', session('b'));
  await untilStored(store, 'Session', 'b');
  assert.is(world.read('a.yaml'), session('a'));
});

check('while Git is at work nothing is taken and nothing deleted', async (world) => {
  world.put('a.yaml', session('a'));
  mkdirSync(join(world.root, '.git'));
  const store = await world.open();
  writeFileSync(join(world.root, '.git/index.lock'), '');
  world.put('b.yaml', session('b'));
  world.remove('a.yaml');
  await until('the notice', async () => (await world.client.problems()).some(({ message }) => message.includes('Git is at work')));
  assert.is(await store.get('Session', named('b')), undefined);
  world.put('a.yaml', session('a'));
  rmSync(join(world.root, '.git/index.lock'));
  await untilStored(store, 'Session', 'b');
  assert.ok(await store.get('Session', named('a')));
});

check('an unreadable file keeps what it defined', async (world) => {
  if (process.getuid?.() === 0) return;
  world.put('a.yaml', session('a'));
  const store = await world.open();
  chmodSync(join(world.root, 'a.yaml'), 0);
  await until('the problem', () => world.problems.some((text) => text.startsWith('a.yaml: cannot be read')));
  assert.ok(await store.get('Session', named('a')));
});

check('a damaged state file is reported and its name left alone', async (world) => {
  world.put('a.yaml', session('a'));
  world.put('b.yaml', session('b'));
  await world.open();
  await world.close();
  const path = join(world.state, 'sessions/default/a.yaml');
  writeFileSync(path, readFileSync(path, 'utf8').slice(0, 60));
  writeFileSync(join(world.state, 'index.json'), '{"torn');
  writeFileSync(join(world.state, 'epoch'), '');
  const store = await world.open();
  assert.match(await store.get('Session', named('a')).then(String, String), 'a.yaml: this state file is damaged');
  assert.ok(await store.get('Session', named('b')));
  assert.ok(world.problems.some((text) => /a\.yaml: this state file is damaged/.test(text)));
});

check('versions never go back, even when the counter is lost', async (world) => {
  world.put('a.yaml', session('a'));
  const before = await untilStored(await world.open(), 'Session', 'a');
  await world.close();
  rmSync(join(world.state, 'epoch'));
  const store = await world.open();
  const after = await store.patchStatus('Session', at(await untilStored(store, 'Session', 'a')), { phase: 'Running' });
  assert.ok(Number(after.metadata.resourceVersion) > Number(before.metadata.resourceVersion));
});

check('a state folder that was moved away is not made anew', async (world) => {
  world.put('a.yaml', session('a'));
  const store = await world.open();
  const a = await untilStored(store, 'Session', 'a');
  renameSync(world.root, `${world.root}-away`);
  const failed = await store.patchStatus('Session', at(a), { phase: 'Running' }).catch((error: unknown) => error);
  assert.is(errorCode(failed), 'unavailable');
  assert.match(errorMessage(failed), /moved or replaced/);
  await until('the notice', () => world.problems.some((text) => text.includes('the folder is missing')));
  renameSync(`${world.root}-away`, world.root);
  await until('mended', async () => (await world.client.problems()).length === 0);
  assert.is((await store.patchStatus('Session', at(a), { phase: 'Running' })).status?.phase, 'Running');
});

test.run();
