import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Clock } from '../../controller/api/clock.ts';
import { createHealth } from '../../controller/runtime/health.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createMemoryLog } from '../fakes/logger.ts';

const test = suite('health');

test('is alive while the event loop turns, and ready when every check says so', async () => {
  const clock = createFakeClock();
  const stop = new AbortController();
  let problem: string | undefined = 'sessions are not read yet';
  const health = createHealth({ clock, log: createMemoryLog(), live: { watches: () => undefined }, ready: { caches: () => problem } });
  health.run(stop.signal);
  await clock.advance(5_000);
  assert.equal(health.live(), [{ name: 'eventLoop' }, { name: 'watches' }]);
  assert.equal(health.ready(), [{ name: 'caches', problem: 'sessions are not read yet' }]);
  problem = undefined;
  assert.equal(health.ready(), [{ name: 'caches' }]);
  stop.abort();
  assert.is(clock.pending, 0);
});

test('is not alive while timers are seconds late, and alive again when one is in time', () => {
  // A stalled loop is one whose timers do not run while time goes on, which the fake clock never does.
  let [now, tick]: [number, () => void] = [0, () => undefined];
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    after: (_ms, callback) => {
      tick = callback;
      return () => undefined;
    },
  };
  const health = createHealth({ clock, log: createMemoryLog() });
  health.run(new AbortController().signal);
  now = 12_000;
  assert.equal(health.live(), [{ name: 'eventLoop', problem: 'a timer was 11 s late' }]);
  tick();
  assert.equal(health.live(), [{ name: 'eventLoop', problem: 'a timer was 11 s late' }]);
  now = 13_000;
  tick();
  assert.equal(health.live(), [{ name: 'eventLoop' }]);
});

test('warns of a wall clock that jumps, tells who computed with it, once, and stays alive', async () => {
  const clock = createFakeClock();
  const log = createMemoryLog();
  let told = 0;
  const health = createHealth({ clock, log, onClockJump: () => told++ });
  health.run(new AbortController().signal);
  await clock.advance(3_000);
  clock.jump(-3_600_000);
  await clock.advance(3_000);
  assert.equal(log.lines, [{ level: 'warn', msg: 'Wall clock jumped', jumpedMs: -3_600_000 }]);
  assert.is(told, 1);
  assert.equal(health.live(), [{ name: 'eventLoop' }]);
});

test('starts nothing once it is to stop', () => {
  const clock = createFakeClock();
  createHealth({ clock, log: createMemoryLog() }).run(AbortSignal.abort());
  assert.is(clock.pending, 0);
});

test.run();
