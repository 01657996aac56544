import { check, dictionary, jsonValue, property, string } from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mergeDifference } from '../../../controller/store/cluster/status-patch.ts';
import { mergePatch } from '../../../controller/store/directory/merge.ts';

const test = suite('status patch');

test('says only what differs, and null for what is gone', () => {
  const before = { phase: 'Pending', reason: 'PoolFull', vm: { name: 'a', uid: 'u' }, list: [1, 2] };
  const after = { phase: 'Running', vm: { name: 'a', uid: 'v' }, list: [1], more: undefined };
  assert.equal(mergeDifference(before, after), { phase: 'Running', reason: null, vm: { uid: 'v' }, list: [1] });
});

test('is nothing for what is equal', () => {
  assert.is(mergeDifference({ a: [{ b: 1, c: undefined }], d: {} }, { d: {}, a: [{ b: 1 }] }), undefined);
  assert.is(mergeDifference({ gone: undefined }, {}), undefined);
});

test('begins a status that was not there, and replaces what has another shape', () => {
  assert.equal(mergeDifference(undefined, { a: 1 }), { a: 1 });
  assert.equal(mergeDifference({ a: [1] }, { a: { b: 1 } }), { a: { b: 1 } });
  assert.equal(mergeDifference({ a: [{ b: 1 }] }, { a: [{ b: 2 }] }), { a: [{ b: 2 }] });
});

test('makes the one of the other, whatever they are', () => {
  const status = dictionary(string(), jsonValue({ maxDepth: 3 })).map(prefixed);
  const holds = property(status, status, (before, after) => {
    const wanted = withoutNulls(after);
    const patched = mergePatch(withoutNulls(before), mergeDifference(withoutNulls(before), wanted) ?? {});
    assert.equal(sorted(patched), sorted(wanted));
  });
  const { failed, counterexample } = check(holds, { numRuns: 300 });
  assert.not.ok(failed, JSON.stringify(counterexample));
});

/** A status has no nulls, and a merge patch could not write them. */
const withoutNulls = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, member: unknown) => (member === null || key === '__proto__' ? undefined : member)).replaceAll('null', '0'),
  );
/** Names that every object inherits (toString) are no names of fields. */
const prefixed = (value: object): object =>
  JSON.parse(
    JSON.stringify(value, (_, member: unknown) =>
      typeof member === 'object' && member !== null && !Array.isArray(member)
        ? Object.fromEntries(Object.entries(member).map(([name, part]) => [`k${name}`, part]))
        : member,
    ),
  );
const sorted = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member) ? Object.fromEntries(Object.entries(member).sort()) : member,
  );

test.run();
