import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createFakeClock } from './clock.ts';

const test = suite('fake clock');

test('runs due timers in the order of their time, each at its own', async () => {
  const clock = createFakeClock(1_000);
  const seen: string[] = [];
  const note = (name: string) => () => void seen.push(`${name}@${clock.monotonic()}/${clock.now()}`);
  clock.after(20, note('b'));
  clock.after(10, note('a'));
  clock.after(20, note('c'));
  clock.after(31, note('late'));
  await clock.advance(30);
  assert.equal(seen, ['a@10/1010', 'b@20/1020', 'c@20/1020']);
  assert.is(clock.now(), 1_030);
  assert.is(clock.pending, 1);
});

test('settles what a timer sets off before the next, timers set by it included', async () => {
  const clock = createFakeClock();
  const seen: string[] = [];
  clock.after(10, async () => {
    await Promise.resolve();
    seen.push('first');
    clock.after(5, () => seen.push('nested'));
  });
  clock.after(20, () => seen.push('second'));
  await clock.advance(20);
  assert.equal(seen, ['first', 'nested', 'second']);
});

test('moves from timer to timer, skips cancelled ones, and says when none is left', async () => {
  const clock = createFakeClock();
  const seen: number[] = [];
  const cancel = clock.after(5, () => seen.push(5));
  clock.after(7, () => seen.push(7));
  cancel();
  assert.is(clock.nextAt(), 7);
  assert.ok(await clock.next());
  assert.equal(seen, [7]);
  assert.is(clock.monotonic(), 7);
  assert.not(await clock.next());
});

test('lets the wall clock jump alone', async () => {
  const clock = createFakeClock(5_000_000);
  clock.jump(-3_600_000);
  await clock.advance(10);
  assert.is(clock.now(), 1_400_010);
  assert.is(clock.monotonic(), 10);
});

test.run();
