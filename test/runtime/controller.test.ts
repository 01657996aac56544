import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OperatorError } from '../../controller/api/error.ts';
import type { Action, Decision, Reconciler } from '../../controller/api/reconciler.ts';
import { type ControllerOptions, createController, type PassEnd } from '../../controller/runtime/controller.ts';
import { createQueue } from '../../controller/runtime/queue.ts';
import { createFakeClock, settle } from '../fakes/clock.ts';
import { createMemoryLog } from '../fakes/logger.ts';

const test = suite('controller');

type Observe = Reconciler<'Session', object, Action>['observe'];

const open = (
  observe: Observe,
  options: Partial<ControllerOptions<'Session', object, Action>> = {},
  decide: () => Decision<Action> = () => ({ actions: [] }),
) => {
  const clock = createFakeClock(1_000_000);
  const queue = createQueue({ name: 'session', clock });
  const log = createMemoryLog();
  const ends: PassEnd[] = [];
  const stop = new AbortController();
  const controller = createController({
    name: 'session',
    reconciler: { kind: 'Session', observe, decide, act: async () => undefined, status: () => undefined },
    queue,
    workers: 2,
    clock,
    log,
    random: () => 1,
    observer: { started: () => undefined, finished: (end) => ends.push(end) },
    patchStatus: () => Promise.reject(new Error('no status is written here')),
    learn: () => undefined,
    ...options,
  });
  return { clock, queue, log, ends, stop, running: controller.run(stop.signal) };
};

const results = (ends: readonly PassEnd[]) => ends.map(({ result }) => result);

test('works on every key, on as many at once as it has workers', async () => {
  let [now, most] = [0, 0];
  const seen: string[] = [];
  const { clock, queue, ends, stop, running } = open(async ({ name }) => {
    most = Math.max(most, ++now);
    await settle();
    now--;
    seen.push(name);
    return undefined;
  });
  for (const name of ['a', 'b', 'c']) queue.add(`default/${name}`);
  await clock.advance(0);
  await settle();
  await settle();
  stop.abort();
  await running;
  assert.equal(seen.toSorted(), ['a', 'b', 'c']);
  assert.is(most, 2);
  assert.equal(results(ends), ['success', 'success', 'success']);
});

test('tries again by the table, and starts over once a pass went well', async () => {
  const at: number[] = [];
  const { clock, queue, ends, stop, running } = open(async () => {
    at.push(clock.monotonic());
    if (at.length <= 3) throw new OperatorError('unavailable', 'not now');
    return undefined;
  });
  queue.add('default/a');
  await clock.advance(60_000);
  assert.equal(at, [0, 500, 1_500, 3_500]);
  assert.is(queue.attempts('default/a'), 0);
  assert.equal(results(ends), ['error', 'error', 'error', 'success']);
  stop.abort();
  await running;
});

test('does not try again what only a change can help, until there is a change', async () => {
  let passes = 0;
  const { clock, queue, ends, log, stop, running } = open(async () => {
    passes++;
    throw new OperatorError('invalid', 'no such size');
  });
  queue.add('default/a');
  await clock.advance(3_600_000);
  assert.is(passes, 1);
  queue.add('default/a');
  await clock.advance(0);
  assert.is(passes, 2);
  assert.equal(
    ends.map(({ terminal, panicked }) => [terminal, panicked]),
    [
      [true, false],
      [true, false],
    ],
  );
  assert.is(log.lines.filter(({ level }) => level === 'error').length, 2);
  stop.abort();
  await running;
});

test('logs a failure once, with what the log of any operator says about where', async () => {
  const error = new TypeError('x is undefined');
  const { clock, queue, ends, log, stop, running } = open(async () => {
    throw error;
  });
  queue.add('default/a');
  await clock.advance(0);
  assert.equal(log.lines, [
    {
      level: 'error',
      msg: 'Failed to reconcile',
      controller: 'session',
      controllerKind: 'Session',
      Session: { namespace: 'default', name: 'a' },
      namespace: 'default',
      name: 'a',
      reconcileID: 'session-1',
      doing: 'observe',
      error,
    },
  ]);
  assert.is(ends[0]?.panicked, true);
  stop.abort();
  await running;
});

test('comes back at once after a lost race, without calling it an error', async () => {
  let passes = 0;
  const { clock, queue, ends, log, stop, running } = open(async () => {
    if (++passes === 1) throw new OperatorError('conflict', 'changed meanwhile');
    return undefined;
  });
  queue.add('default/a');
  await clock.advance(10);
  assert.equal(results(ends), ['requeue', 'success']);
  assert.equal(
    log.lines.map(({ level }) => level),
    ['debug'],
  );
  stop.abort();
  await running;
});

test('looks again when the decision asks for it, at once where that time is past', async () => {
  const at: number[] = [];
  const { clock, queue, ends, stop, running } = open(
    async (_key, now) => ({ now, passes: at.push(now - 1_000_000) }),
    {},
    () => {
      const wait = [700, -5][at.length - 1];
      return { actions: [], ...(wait === undefined ? {} : { recheckAt: clock.now() + wait }) };
    },
  );
  queue.add('default/a');
  await clock.advance(60_000);
  assert.equal(at, [0, 700, 700]);
  assert.equal(results(ends), ['requeue_after', 'requeue_after', 'success']);
  stop.abort();
  await running;
});

test('keeps a time to look again beside a long back-off, at least a second away', async () => {
  const at: number[] = [];
  const { clock, queue, stop, running } = open(async () => undefined, {
    reconciler: {
      kind: 'Session',
      observe: async (_key, now) => ({ now, passes: at.push(now - 1_000_000) }),
      decide: () => ({ actions: [{ do: 'grow', because: 'more are waiting' }], recheckAt: clock.now() }),
      act: async () => {
        throw new OperatorError('quota', 'no cores left');
      },
      status: () => undefined,
    },
  });
  queue.add('default/a');
  await clock.advance(2_500);
  assert.equal(at, [0, 1_000, 2_000]);
  stop.abort();
  await running;
});

test('tells a pass that takes too long to stop', async () => {
  const { clock, queue, ends, stop, running } = open(
    (_key, _now, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true })),
    { timeoutMs: 5_000 },
  );
  queue.add('default/a');
  await clock.advance(5_000);
  assert.equal(
    ends.map(({ result, timedOut, seconds }) => [result, timedOut, seconds]),
    [['error', true, 5]],
  );
  stop.abort();
  await clock.advance(30_000);
  await running;
});

test('on stop takes nothing new and lets what runs come to its end', async () => {
  const finish = Promise.withResolvers<undefined>();
  const seen: string[] = [];
  const { clock, queue, ends, stop, running } = open(
    ({ name }) => {
      seen.push(name);
      return finish.promise;
    },
    { workers: 1 },
  );
  queue.add('default/a');
  queue.add('default/b');
  await clock.advance(0);
  stop.abort();
  await clock.advance(10_000);
  assert.equal(ends, []);
  finish.resolve(undefined);
  await running;
  assert.equal(seen, ['a']);
  assert.equal(results(ends), ['success']);
  assert.is(clock.pending, 0);
});

test('on stop gives up after the drain time on a pass that does not end, having told it to', async () => {
  let told = false;
  const { clock, queue, log, stop, running } = open(
    (_key, _now, signal) => {
      signal.addEventListener('abort', () => {
        told = true;
      });
      return new Promise(() => undefined);
    },
    { drainMs: 30_000 },
  );
  queue.add('default/a');
  await clock.advance(0);
  stop.abort();
  await clock.advance(29_999);
  assert.not(told);
  await clock.advance(1);
  await running;
  assert.ok(told);
  assert.equal(
    log.lines.map(({ msg }) => msg),
    ['Gave up waiting for passes to end'],
  );
});

test('ends at once when told to stop before it began', async () => {
  const stopped = AbortSignal.abort();
  const clock = createFakeClock();
  const controller = createController({
    name: 'session',
    reconciler: {
      kind: 'Session',
      observe: async () => undefined,
      decide: () => ({ actions: [] }),
      act: async () => undefined,
      status: () => undefined,
    },
    queue: createQueue({ name: 'session', clock }),
    workers: 1,
    clock,
    log: createMemoryLog(),
    random: () => 0,
    patchStatus: () => Promise.reject(new Error('no status is written here')),
    learn: () => undefined,
  });
  await controller.run(stopped);
  assert.is(clock.pending, 0);
});

test.run();
