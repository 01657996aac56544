// When what was listed before may stand for what is there now.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { foldersSignature } from '../../controller/store/directory/folders-signature.ts';
import { listBrief, listObjects } from '../../controller/store/directory/object-cache.ts';

const test = suite('object cache');

const inFolder = async (body: (folder: string) => Promise<void> | void): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'cache-'));
  try {
    mkdirSync(join(folder, 'sessions', 'default'), { recursive: true });
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const put = (folder: string, name: string, priority: number): void => {
  const metadata = { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '1', generation: 1, creationTimestamp: 'x' };
  const object = { apiVersion: 'berth.dev/v1alpha1', kind: 'Session', metadata, spec: { prompt: 'x', priority } };
  const path = join(folder, 'sessions', 'default', `${name}.yaml`);
  writeFileSync(join(folder, 'temporary'), JSON.stringify(object));
  renameSync(join(folder, 'temporary'), path);
};

/** Until the file system's clock has ticked, so that the next change bears another time. */
const nextTick = async (): Promise<void> => {
  const probe = join(mkdtempSync(join(tmpdir(), 'tick-')), 'probe');
  const touch = (): bigint => {
    writeFileSync(probe, '');
    return statSync(probe, { bigint: true }).mtimeNs;
  };
  const before = touch();
  while (touch() === before) await new Promise(setImmediate);
};

const later = (): number => Date.now() + 10_000;

test('a folder that has just changed is not trusted: the next change may fall into the same tick of the file system', () =>
  inFolder((folder) => {
    assert.is(foldersSignature(join(folder, 'sessions'), Date.now()), undefined);
    assert.type(foldersSignature(join(folder, 'sessions'), later()), 'string');
  }));

test('a file that comes, is replaced or goes changes the signature', () =>
  inFolder(async (folder) => {
    const root = join(folder, 'sessions');
    const signatures: (string | undefined)[] = [];
    const changes = [
      () => put(folder, 'a', 1),
      () => put(folder, 'a', 2),
      () => rmSync(join(root, 'default', 'a.yaml')),
      () => mkdirSync(join(root, 'other')),
    ];
    for (const change of changes) {
      change();
      signatures.push(foldersSignature(root, later()));
      await nextTick();
    }
    assert.is(new Set(signatures).size, changes.length);
  }));

test('what is not there has no signature', () => assert.is(foldersSignature(join(tmpdir(), 'no-such-folder'), later()), undefined));

test('of changes as fast as they can be made, none is missed', () =>
  inFolder(async (folder) => {
    for (let n = 0; n < 300; n += 1) {
      put(folder, 'a', n);
      assert.is((await listObjects(folder, 'Session'))[0]?.spec.priority, n);
    }
  }));

test('a listing of settled folders stands until they change', () =>
  inFolder(async (folder) => {
    put(folder, 'a', 1);
    const [first] = await listObjects(folder, 'Session', later());
    assert.is((await listObjects(folder, 'Session', later()))[0], first);
    await nextTick();
    put(folder, 'a', 2);
    assert.is((await listObjects(folder, 'Session', later()))[0]?.spec.priority, 2);
  }));

test('a damaged file is looked at again each time: it may be mended in place', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'sessions', 'default', 'a.yaml');
    put(folder, 'a', 1);
    const text = readFileSync(path);
    writeFileSync(path, 'torn: [');
    assert.is((await listObjects(folder, 'Session', later())).length, 0);
    writeFileSync(path, text);
    assert.is((await listObjects(folder, 'Session', later())).length, 1);
  }));

test('a brief listing follows changes too, and is brief once the folders have settled', () =>
  inFolder(async (folder) => {
    for (let n = 0; n < 100; n += 1) {
      put(folder, 'a', n);
      assert.is((await listBrief(folder, 'Session'))[0]?.spec.priority, n);
    }
    await listBrief(folder, 'Session', later());
    const [settled] = await listBrief(folder, 'Session', later());
    assert.equal(settled?.spec, { prompt: 'x', priority: 99 });
    assert.ok(existsSync(join(folder, 'cache', 'sessions-brief.json')));
    await nextTick();
    put(folder, 'a', 100);
    assert.is((await listBrief(folder, 'Session', later()))[0]?.spec.priority, 100);
  }));

test.run();
