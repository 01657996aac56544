import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OperatorError } from '../../controller/api/error.ts';
import { retryDelay, worstError } from '../../controller/runtime/retry.ts';

const test = suite('retry');
const ALMOST_ONE = 1 - Number.EPSILON;
const longest = (error: unknown, attempts: number) => retryDelay(error, attempts, ALMOST_ONE);
const of = (code: ConstructorParameters<typeof OperatorError>[0], retryAfterMs?: number) =>
  new OperatorError(code, code, retryAfterMs === undefined ? {} : { retryAfterMs });

test('follows the table', () => {
  for (const [code, delays] of [
    ['invalid', ['never', 'never', 'never']],
    ['denied', [30_000, 60_000, 600_000]],
    ['quota', [60_000, 120_000, 600_000]],
    ['unavailable', [500, 1_000, 60_000]],
    ['conflict', [10, 20, 1_000]],
    ['bug', [1_000, 2_000, 300_000]],
  ] as const) {
    assert.equal(
      [0, 1, 1_000].map((attempts) => longest(of(code), attempts)),
      delays,
      code,
    );
  }
});

test('takes what nobody threw on purpose for a bug', () => {
  assert.is(longest(new TypeError('x is undefined'), 0), 1_000);
  assert.is(longest('a string', 2), 4_000);
});

test('spreads delays over their upper half', () => {
  assert.is(retryDelay(of('quota'), 0, 0), 30_000);
  assert.is(retryDelay(of('quota'), 0, 0.5), 45_000);
});

test('is at least as patient as the error asks', () => {
  assert.is(longest(of('unavailable', 90_000), 0), 90_000);
  assert.is(longest(of('unavailable', 100), 0), 500);
  assert.is(longest(of('invalid', 100), 0), 'never');
});

test('lets the error that a retry may cure decide before those that stop', () => {
  const [invalid, denied, conflict, quota, unavailable] = (['invalid', 'denied', 'conflict', 'quota', 'unavailable'] as const).map((code) =>
    of(code),
  );
  const bug = new Error('bug');
  assert.is(worstError([]), undefined);
  assert.is(worstError([invalid]), invalid);
  assert.is(worstError([invalid, denied]), denied);
  assert.is(worstError([denied, conflict, invalid]), conflict);
  assert.is(worstError([conflict, quota]), quota);
  assert.is(worstError([quota, unavailable, conflict]), unavailable);
  assert.is(worstError([unavailable, bug]), bug);
});

test.run();
