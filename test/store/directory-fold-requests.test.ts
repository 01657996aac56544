// Requests on their way from the CLI: how they are written and read, and what each does to its object.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OperatorError } from '../../controller/api/error.ts';
import { API_VERSION } from '../../controller/api/object.ts';
import type { Session } from '../../controller/api/types.generated.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import { type FoldContext, foldRequests } from '../../controller/store/directory/fold-requests.ts';
import { SOURCE_ANNOTATION, VERBS_ANNOTATION } from '../../controller/store/directory/merge.ts';
import { createObjects } from '../../controller/store/directory/objects.ts';
import { type Request, readRequests, writeRequest } from '../../controller/store/directory/requests.ts';
import { admit } from '../../controller/store/schema.ts';
import { rejection } from './rejection.ts';

const test = suite('requests');

const key = { namespace: 'default', name: 'a' };
const patch = (fields: Readonly<Record<string, unknown>>): Request => ({ verb: 'patch', kind: 'Session', key, patch: fields });

const admission = admit('Session', { apiVersion: API_VERSION, kind: 'Session', metadata: key, spec: { prompt: 'x', priority: 1 } });
if ('errors' in admission) throw new Error('not admitted');
const { spec } = admission.object;

const stored = (annotations: Readonly<Record<string, string>> = {}): Session => ({
  apiVersion: API_VERSION,
  kind: 'Session',
  metadata: { ...key, uid: 'u', resourceVersion: '1', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z', annotations },
  spec,
});

const createWorld = (folder: string, initial: readonly Session[], expected: readonly string[] = []) => {
  const refused: string[] = [];
  const objects = createObjects({
    folder,
    initial,
    nextVersion: () => '2',
    check: () => undefined,
    beforeRemoval: async () => undefined,
    afterRemoval: () => undefined,
  });
  const context: FoldContext = {
    folder,
    objects,
    clock: systemClock,
    isExpected: (id) => expected.includes(id),
    onConfirmPrune: () => refused.push('prune'),
    onRefused: (message) => refused.push(message),
    onUnreadable: ({ message }) => refused.push(message),
  };
  return { context, objects, refused, left: () => readdirSync(join(folder, 'requests')).length };
};

const inFolder = async (body: (folder: string) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'requests-'));
  try {
    mkdirSync(join(folder, 'sessions', 'default'), { recursive: true });
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

test('a patch is folded in, and remembered beside what the file says where there is a file', () =>
  inFolder(async (folder) => {
    for (const annotations of [{}, { [SOURCE_ANNOTATION]: 'a.yaml' }]) {
      const { context, objects, refused, left } = createWorld(folder, [stored(annotations)]);
      await writeRequest(folder, patch({ priority: 7 }), 1);
      await foldRequests(context);
      const object = objects.get('Session', key);
      assert.is(object?.spec.priority, 7);
      assert.is(object?.metadata.generation, 2);
      assert.is(object?.metadata.annotations?.[VERBS_ANNOTATION] !== undefined, SOURCE_ANNOTATION in annotations);
      assert.equal([refused, left()], [[], 0]);
    }
  }));

test('a patch folded in twice changes nothing the second time', () =>
  inFolder(async (folder) => {
    const { context, objects } = createWorld(folder, [stored()]);
    await writeRequest(folder, patch({ priority: 7 }), 1);
    await foldRequests(context);
    const once = objects.get('Session', key);
    assert.is(once?.spec.priority, 7);
    await writeRequest(folder, patch({ priority: 7 }), 2);
    await foldRequests(context);
    assert.is(objects.get('Session', key), once);
  }));

test('a patch that the schema refuses changes nothing, and says why', () =>
  inFolder(async (folder) => {
    const { context, objects, refused, left } = createWorld(folder, [stored()]);
    await writeRequest(folder, patch({ priority: 'high' }), 1);
    await foldRequests(context);
    assert.is(objects.get('Session', key)?.spec.priority, 1);
    assert.match(refused.join(), /^Session default\/a cannot be changed so: .*priority/);
    assert.is(left(), 0);
  }));

test('a request for an object that is gone is dropped and told; a deletion has nothing left to do', () =>
  inFolder(async (folder) => {
    const { context, refused, left } = createWorld(folder, []);
    await writeRequest(folder, patch({ priority: 7 }), 1);
    await writeRequest(folder, { verb: 'delete', kind: 'Session', key, now: false }, 2);
    await foldRequests(context);
    assert.equal([refused, left()], [['Session default/a is gone: a change of it was dropped'], 0]);
  }));

test('requests for an object whose file is yet to be read wait, and others do not', () =>
  inFolder(async (folder) => {
    const { context, refused, left } = createWorld(folder, [], ['Session/default/a']);
    await writeRequest(folder, patch({ priority: 7 }), 1);
    await writeRequest(folder, { verb: 'delete', kind: 'Session', key, now: false }, 2);
    await writeRequest(folder, { verb: 'confirmPrune' }, 3);
    await foldRequests(context);
    assert.equal([refused, left()], [['prune'], 2]);
  }));

test('a deletion of another incarnation is none of this one', () =>
  inFolder(async (folder) => {
    const { context, objects } = createWorld(folder, [stored()]);
    await writeRequest(folder, { verb: 'delete', kind: 'Session', key, uid: 'earlier', now: true }, 1);
    await foldRequests(context);
    assert.is(objects.get('Session', key)?.metadata.deletionTimestamp, undefined);
  }));

test('a file that is no request is removed and told, whatever is in it', () =>
  inFolder(async (folder) => {
    const { context, refused, left } = createWorld(folder, [stored()]);
    mkdirSync(join(folder, 'requests'));
    const outside = { namespace: 'default', name: '../a' };
    const texts = ['torn {', '{"verb":"other"}', '{"verb":"delete","kind":"Pod"}', JSON.stringify({ ...patch({}), key: outside })];
    for (const [index, text] of texts.entries()) writeFileSync(join(folder, 'requests', `${index}.json`), text);
    assert.equal(
      readRequests(folder).map(({ request }) => request),
      [undefined, undefined, undefined, undefined],
    );
    await foldRequests(context);
    assert.is(refused.filter((message) => message.endsWith("is no request of Berth's: removed")).length, 4);
    assert.is(left(), 0);
  }));

test('a request that cannot be read stays, and the others are folded in', () =>
  inFolder(async (folder) => {
    const { context, objects, refused, left } = createWorld(folder, [stored()]);
    await writeRequest(folder, patch({ priority: 7 }), 2);
    symlinkSync('loop.json', join(folder, 'requests', 'loop.json'));
    await foldRequests(context);
    assert.is(objects.get('Session', key)?.spec.priority, 7);
    assert.match(refused.join(), /^cannot read .*loop\.json: ELOOP/);
    assert.is(left(), 1);
  }));

test('without a folder of requests there are none; one that is no folder is told to writer and reader', () =>
  inFolder(async (folder) => {
    assert.equal(readRequests(folder), []);
    writeFileSync(join(folder, 'requests'), '');
    assert.is((await rejection(writeRequest(folder, { verb: 'confirmPrune' }, 1))).code, 'unavailable');
    assert.throws(
      () => readRequests(folder),
      (error: unknown) => error instanceof OperatorError && error.message.includes('cannot read'),
    );
  }));

test.run();
