// Applying to a folder that no controller follows: what becomes a file, and what is refused.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { API_VERSION } from '../../controller/api/object.ts';
import type { Session } from '../../controller/api/types.generated.ts';
import { applyManifests } from '../../controller/store/directory/apply.ts';
import { encodeResource } from '../../controller/store/directory/codec.ts';
import { objectPath } from '../../controller/store/directory/state-folder.ts';
import { admit } from '../../controller/store/schema.ts';
import { pool, session } from './directory-world.ts';
import { rejection } from './rejection.ts';

const test = suite('apply');

const manifest = (name: string, spec: object, namespace = 'default') => ({
  document: { apiVersion: API_VERSION, kind: 'Session', metadata: { name, namespace }, spec },
  origin: '-',
});

const inWorld = async (body: (root: string, state: string) => Promise<void>): Promise<void> => {
  const base = mkdtempSync(join(tmpdir(), 'apply-'));
  try {
    mkdirSync(join(base, 'root'));
    await body(join(base, 'root'), join(base, 'state'));
  } finally {
    rmSync(base, { recursive: true });
  }
};

test('an object of another namespace gets a file in a folder of that name', () =>
  inWorld(async (root, state) => {
    const [applied] = await applyManifests(root, state, [manifest('a', { prompt: 'x' }, 'team')]);
    assert.equal([applied?.change, applied?.path], ['created', join(root, 'team', 'session-a.yaml')]);
    const again = await applyManifests(root, state, [manifest('a', { prompt: 'x' }, 'team')]);
    assert.is(again[0]?.change, 'unchanged');
    const changed = await applyManifests(root, state, [manifest('a', { prompt: 'changed' }, 'team')]);
    assert.is(changed[0]?.change, 'configured');
    assert.match(readFileSync(join(root, 'team', 'session-a.yaml'), 'utf8'), 'prompt: changed');
  }));

test('all are checked before the first is written', () =>
  inWorld(async (root, state) => {
    const sound = manifest('a', { prompt: 'x' });
    for (const wrong of [manifest('b', { prompt: 5 }), { document: null, origin: '-' }, { document: { kind: 'Pod' }, origin: '-' }]) {
      assert.is((await rejection(applyManifests(root, state, [sound, wrong]))).code, 'invalid');
      assert.is(existsSync(join(root, 'session-a.yaml')), false);
    }
  }));

test('what may not change of a stored object is refused, and what may is written', () =>
  inWorld(async (root, state) => {
    const { document } = manifest('a', { prompt: 'x', priority: 1 });
    const admission = admit('Session', document);
    if ('errors' in admission) throw new Error('not admitted');
    const assigned = { uid: 'u', resourceVersion: '1', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' };
    const metadata = { ...admission.object.metadata, ...assigned };
    const object: Session = { apiVersion: API_VERSION, kind: 'Session', metadata, spec: admission.object.spec };
    const path = objectPath(state, 'Session', metadata);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, encodeResource(object));
    assert.match((await rejection(applyManifests(root, state, [manifest('a', { prompt: 'other' })]))).message, /prompt|immutable/);
    assert.is((await applyManifests(root, state, [manifest('a', { prompt: 'x', priority: 2 })]))[0]?.change, 'created');
  }));

test('no file of people is overwritten', () =>
  inWorld(async (root, state) => {
    writeFileSync(join(root, 'mine.yaml'), session('a'));
    const defined = await rejection(applyManifests(root, state, [manifest('a', { prompt: 'x' })]));
    assert.match(defined.message, `already defined in ${join(root, 'mine.yaml')}`);
    writeFileSync(join(root, 'session-b.yaml'), pool('p'));
    assert.match((await rejection(applyManifests(root, state, [manifest('b', { prompt: 'x' })]))).message, 'defines something else');
    writeFileSync(join(root, 'team'), 'a file');
    assert.match((await rejection(applyManifests(root, state, [manifest('c', { prompt: 'x' }, 'team')]))).message, 'cannot write');
  }));

test.run();
