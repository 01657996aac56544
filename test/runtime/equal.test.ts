import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { semanticallyEqual } from '../../controller/runtime/equal.ts';

const test = suite('equal');

test('takes for equal what reads the same as JSON', () => {
  const bare = Object.assign(Object.create(null), { b: [1, { c: null }], a: 'x' });
  for (const [a, b] of [
    [1, 1],
    [null, null],
    [undefined, undefined],
    [bare, { a: 'x', b: [1, { c: null }], d: undefined }],
    [[], []],
  ]) {
    assert.ok(semanticallyEqual(a, b));
  }
});

test('tells apart what does not', () => {
  for (const [a, b] of [
    [1, '1'],
    [null, {}],
    [undefined, {}],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: 1, b: 2 }, { a: 1 }],
    [[], {}],
    [{}, []],
    [[1], [1, 2]],
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: { b: 1 } }, { a: { b: 2 } }],
  ]) {
    assert.not(semanticallyEqual(a, b), JSON.stringify([a, b]));
  }
});

test.run();
