import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createLimiter } from '../../controller/runtime/limiter.ts';
import { createFakeClock } from '../fakes/clock.ts';

const test = suite('limiter');

test('grants the burst, then says how long to wait, and grants after that', async () => {
  const clock = createFakeClock();
  const limiter = createLimiter({ clock, perSecond: 5 });
  assert.equal(
    Array.from({ length: 6 }, () => limiter.take()),
    [0, 0, 0, 0, 0, 200],
  );
  await clock.advance(150);
  assert.is(limiter.take(), 50);
  await clock.advance(50);
  assert.is(limiter.take(), 0);
  assert.is(limiter.take(), 200);
});

test('never grants more than its rate and one burst over any time', async () => {
  const clock = createFakeClock();
  const limiter = createLimiter({ clock, perSecond: 5, burst: 2 });
  await clock.advance(60_000);
  let granted = 0;
  for (let at = 0; at < 10_000; at += 7) {
    while (limiter.take() === 0) granted++;
    await clock.advance(7);
  }
  assert.ok(granted <= 52 && granted >= 50, String(granted));
});

test.run();
