// What is known of manifest files, by a clock of the test's own.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { signatureOf } from '../../controller/store/directory/signature.ts';
import { createSources, type SourcesOptions } from '../../controller/store/directory/sources.ts';
import { session } from './directory-world.ts';

const test = suite('sources');

const createWorld = (root: string, options: Partial<SourcesOptions> = {}) => {
  const defined = new Set<string>();
  const sources = createSources({
    root,
    indexed: new Map(),
    storedIDs: () => [],
    onDefiners: (id, isDefined) => (isDefined ? defined.add(id) : defined.delete(id)),
    ...options,
  });
  const look = (path: string, now: number): void => sources.observe(path, signatureOf(statSync(join(root, path), { bigint: true })), now);
  return { sources, defined, look, put: (path: string, text: string) => writeFileSync(join(root, path), text) };
};

const inFolder = async (body: (folder: string) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'sources-'));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

test('an object that leaves its file is defined no more, and one that another file defines still is', () =>
  inFolder(async (root) => {
    const { sources, defined, look, put } = createWorld(root);
    put('a.yaml', `${session('first')}---\n${session('second')}`);
    put('b.yaml', session('second'));
    for (const path of ['a.yaml', 'b.yaml']) look(path, 0);
    await sources.read(1000);
    assert.equal(sources.definers('Session/default/second'), ['a.yaml', 'b.yaml']);
    put('a.yaml', session('third'));
    look('a.yaml', 2000);
    const { changed } = await sources.read(3000);
    assert.equal([...changed].toSorted(), ['Session/default/first', 'Session/default/second', 'Session/default/third']);
    assert.equal([...defined].toSorted(), ['Session/default/second', 'Session/default/third']);
    assert.equal(sources.definers('Session/default/first'), []);
    assert.equal(sources.definers('Session/default/second'), ['b.yaml']);
  }));

test('a file that is being written when its turn comes has to settle again', () =>
  inFolder(async (root) => {
    const { sources, look, put } = createWorld(root);
    put('a.yaml', session('first'));
    look('a.yaml', 0);
    put('a.yaml', `${session('first')}# more\n`);
    const { changed, nextAt } = await sources.read(1000);
    assert.equal([changed.size, (nextAt ?? 0) > 1000], [0, true]);
    assert.is((await sources.read(nextAt ?? 0)).changed.size, 1);
  }));

test('a file that vanished unseen defines what is stored of it until it is seen to be gone', () =>
  inFolder(async (root) => {
    const { sources, defined, look, put } = createWorld(root, { storedIDs: () => ['Session/default/first'] });
    put('a.yaml', session('first'));
    look('a.yaml', 0);
    rmSync(join(root, 'a.yaml'));
    await sources.read(1000);
    assert.match(sources.problems()[0]?.message ?? '', 'cannot be read');
    assert.equal(sources.defined('a.yaml'), ['Session/default/first']);
    sources.forget('a.yaml');
    assert.equal([[...(await sources.read(1000)).changed], defined.size], [['Session/default/first'], 0]);
  }));

test('a file that is forgotten while others are read is not read', () =>
  inFolder(async (root) => {
    const { sources, look, put } = createWorld(root);
    for (const name of ['a', 'b']) {
      put(`${name}.yaml`, session(name));
      look(`${name}.yaml`, 0);
    }
    const reading = sources.read(1000);
    sources.forget('b.yaml');
    assert.equal([...(await reading).changed], ['Session/default/a']);
    assert.is(sources.has('b.yaml'), false);
  }));

test('what the last run knew stands until the file is read again', () =>
  inFolder(async (root) => {
    const indexed = new Map([['a.yaml', { signature: 'old', hash: 'h', ids: ['Session/default/first'] }]]);
    const { sources, look, put } = createWorld(root, { indexed });
    put('a.yaml', session('second'));
    look('a.yaml', 0);
    assert.equal(sources.defined('a.yaml'), ['Session/default/first']);
    assert.equal([...(await sources.read(1000)).changed].toSorted(), ['Session/default/first', 'Session/default/second']);
  }));

test('of a file that is not known nothing is known', () =>
  inFolder(async (root) => {
    const { sources } = createWorld(root);
    sources.rewritten('a.yaml', { signature: 's', hash: 'h' });
    sources.forget('a.yaml');
    assert.equal([sources.has('a.yaml'), sources.hash('a.yaml'), sources.defined('a.yaml')], [false, undefined, []]);
    assert.is(sources.document('a.yaml', 'Session/default/first'), undefined);
  }));

test.run();
