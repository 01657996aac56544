// Files, verbs and mirrored status, as pure functions.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Resource } from '../../controller/api/object.ts';
import { abandonFrom, fileSpecOf, mergeFile, mergePatch, mergeVerb } from '../../controller/store/directory/merge.ts';
import { spliceStatuses } from '../../controller/store/directory/splice-status.ts';

const test = suite('directory merge');

const stored = (spec: object, annotations: Readonly<Record<string, string>> = { 'berth.dev/source': 'a.yaml' }): Resource =>
  ({ kind: 'Session', metadata: { name: 'a', namespace: 'default', annotations }, spec }) as unknown as Resource;
const desired = (spec: Readonly<Record<string, unknown>>, more: object = {}) => ({ path: 'a.yaml', spec, ...more });

test('a merge patch replaces lists, merges maps and removes at null', () => {
  assert.equal(mergePatch({ a: [1], b: { c: 1, d: 2 }, e: 1 }, { a: [2], b: { c: null, x: 3 }, e: null }), { a: [2], b: { d: 2, x: 3 } });
  assert.equal(mergePatch({ a: 1 }, { a: { b: 2 } }), { a: { b: 2 } });
});

test('a verb is remembered beside what the file said, and stands until that changes', () => {
  const first = mergeVerb(stored({ prompt: 'x', priority: 1 }), { priority: 5, shutdown: 'Graceful' });
  assert.equal(first.spec, { prompt: 'x', priority: 5, shutdown: 'Graceful' });
  const object = stored(first.spec, { 'berth.dev/source': 'a.yaml', 'berth.dev/verbs': first.verbs ?? '' });
  assert.equal(fileSpecOf(object), { prompt: 'x', priority: 1 });
  assert.equal(mergeFile(desired({ prompt: 'x', priority: 1 }), object).spec, first.spec);
  const changed = mergeFile(desired({ prompt: 'x', priority: 2 }), object);
  assert.equal(changed.spec, { prompt: 'x', priority: 2, shutdown: 'Graceful' });
  assert.is(changed.metadata.annotations['berth.dev/verbs'], '{"shutdown":{"value":"Graceful"}}');
  const second = mergeVerb(object, { priority: null });
  assert.equal(fileSpecOf(stored(second.spec, { 'berth.dev/source': 'a.yaml', 'berth.dev/verbs': second.verbs ?? '' })), {
    prompt: 'x',
    priority: 1,
  });
  assert.is(mergeFile(desired({ priority: 1 }), stored(second.spec, { 'berth.dev/verbs': second.verbs ?? '' })).spec.priority, undefined);
});

test('inputs of two senders are both kept, in the order in which they came', () => {
  const first = mergeVerb(stored({ input: [{ id: 'a', text: 'one' }] }, {}), { input: [{ id: 'b', text: 'two' }] });
  assert.equal(first.spec, {
    input: [
      { id: 'a', text: 'one' },
      { id: 'b', text: 'two' },
    ],
  });
});

test('an object that no file defines needs no memory of one', () => {
  assert.equal(mergeVerb(stored({ cordoned: false }, {}), { cordoned: true }), { spec: { cordoned: true }, verbs: undefined });
});

test('what the store writes is not taken from a file', () => {
  const { metadata } = mergeFile(
    desired({}, { labels: { a: 'b' }, annotations: { 'berth.dev/verbs': 'x', 'berth.dev/builtin': 'true', mine: 'y' } }),
    undefined,
  );
  assert.equal(metadata, { labels: { a: 'b' }, annotations: { mine: 'y', 'berth.dev/source': 'a.yaml' } });
});

test('a leaving object takes the way out from its file, once', () => {
  const file = desired({}, { annotations: { 'berth.dev/abandon': 'true' } });
  assert.is(abandonFrom(file, stored({}))?.['berth.dev/abandon'], 'true');
  assert.is(abandonFrom(file, stored({}, { 'berth.dev/abandon': 'true' })), undefined);
  assert.is(abandonFrom(desired({}), stored({})), undefined);
});

const spliceStatus = (text: string, id: string, status: object): string => spliceStatuses(text, new Map([[id, status]]));

const HEAD = 'kind: Session\nmetadata:\n  name: a\n';

test('a status is added at the end of its document, or put in the place of the old one', () => {
  assert.is(spliceStatus(HEAD, 'Session/default/a', { phase: 'Running' }), `${HEAD}status:\n  phase: Running\n`);
  const old = `${HEAD}status:   # old\n  phase: Pending\n  x: [1,\n   2]\n# about spec\nspec: {}   # mine\n`;
  assert.is(
    spliceStatus(old, 'Session/default/a', { phase: 'Running' }),
    `${HEAD}status:\n  phase: Running\n# about spec\nspec: {}   # mine\n`,
  );
  assert.is(spliceStatus(HEAD.trimEnd(), 'Session/default/a', { attempt: 1 }), `${HEAD}status:\n  attempt: 1\n`);
  assert.is(
    spliceStatus(HEAD.replaceAll('\n', '\r\n'), 'Session/default/a', { attempt: 1 }),
    `${HEAD}status:\n  attempt: 1\n`.replaceAll('\n', '\r\n'),
  );
});

test('in a file of several documents only the right one is touched', () => {
  const text = `---\n${HEAD}---\nkind: Session\nmetadata: {name: b, namespace: team}\nspec:\n  prompt: |\n    text\n\n---\nkind: VMPool\nmetadata: {name: b}\n`;
  assert.is(
    spliceStatus(text, 'Session/team/b', { attempt: 1 }),
    `---\n${HEAD}---\nkind: Session\nmetadata: {name: b, namespace: team}\nspec:\n  prompt: |\n    text\nstatus:\n  attempt: 1\n\n---\nkind: VMPool\nmetadata: {name: b}\n`,
  );
  assert.is(spliceStatus(text, 'Session/default/c', {}), text);
  for (const other of [
    '{kind: Session, metadata: {name: a}}\n',
    'kind: Session\nmetadata: x\n',
    'kind: Session\nmetadata: {name: a}\n: no key\n',
    'kind: Session\nmetadata: {name: a}\nspec: {}\nspec: {}\n',
    '',
    '# nothing\n',
  ])
    assert.is(spliceStatus(other, 'Session/default/a', {}), other);
});

test.run();
