import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type AddOptions, createQueue, type Queue, START_UP_PRIORITY } from '../../controller/runtime/queue.ts';
import { createFakeClock, settle } from '../fakes/clock.ts';

const test = suite('queue');
const forever = new AbortController().signal;

const open = () => {
  const clock = createFakeClock();
  return { clock, queue: createQueue({ name: 'test', clock }) };
};

/** What a worker gets right now; undefined when it would have to wait. */
const takeNow = async (queue: Queue): Promise<string | undefined> => {
  const patience = new AbortController();
  const taken = queue.take(patience.signal);
  await settle();
  patience.abort();
  return taken;
};

test('holds a key once, and gives it to one worker', async () => {
  const { queue } = open();
  queue.add('a');
  queue.add('a');
  assert.is(await takeNow(queue), 'a');
  assert.is(await takeNow(queue), undefined);
});

test('a key added while it is worked on comes once more after', async () => {
  const { queue } = open();
  queue.add('a');
  await queue.take(forever);
  queue.add('a');
  queue.add('a');
  assert.is(await takeNow(queue), undefined);
  queue.done('a');
  assert.is(await takeNow(queue), 'a');
  queue.done('a');
  assert.is(await takeNow(queue), undefined);
});

test('of two delays the earlier wins, whichever came first', async () => {
  for (const delays of [
    [100, 50],
    [50, 100],
  ]) {
    const { clock, queue } = open();
    for (const after of delays) queue.add('a', { after });
    await clock.advance(49);
    assert.is(await takeNow(queue), undefined);
    await clock.advance(1);
    assert.is(await takeNow(queue), 'a');
    await clock.advance(100);
    queue.done('a');
    assert.is(await takeNow(queue), undefined);
  }
});

test('what existed at the start waits behind what a user changed, and a change lifts a key', async () => {
  const { queue } = open();
  for (const key of ['old-1', 'old-2', 'old-3']) queue.add(key, { priority: START_UP_PRIORITY });
  queue.add('new');
  queue.add('old-3');
  queue.add('new', { priority: START_UP_PRIORITY });
  const order = [];
  for (let key = await takeNow(queue); key !== undefined; key = await takeNow(queue)) order.push(key);
  assert.equal(order, ['old-3', 'new', 'old-1', 'old-2']);
});

test('wakes waiting workers in turn: when a key is added, when its time comes, and when it is done', async () => {
  const { clock, queue } = open();
  const taken: (string | undefined)[] = [];
  const workers = ['a', 'b', 'c'].map(() => queue.take(forever).then((key) => taken.push(key)));
  queue.add('late', { after: 1_000 });
  queue.add('soon');
  await settle();
  assert.equal(taken, ['soon']);
  queue.add('soon');
  queue.done('soon');
  await settle();
  assert.equal(taken, ['soon', 'soon']);
  await clock.advance(1_000);
  assert.equal(taken, ['soon', 'soon', 'late']);
  await Promise.all(workers);
  assert.is(clock.pending, 0);
});

test('a worker that stops waiting leaves the key to the others, and no timer behind', async () => {
  const { clock, queue } = open();
  const stop = new AbortController();
  const stopped = queue.take(stop.signal);
  queue.add('a', { after: 10 });
  const other = queue.take(forever);
  stop.abort();
  assert.is(await stopped, undefined);
  assert.is(await queue.take(stop.signal), undefined);
  await clock.advance(10);
  assert.is(await other, 'a');
  assert.is(clock.pending, 0);
});

test('counts failures in a row until the key is forgotten', async () => {
  const { clock, queue } = open();
  queue.retry('a', 500);
  queue.retry('a', 900);
  assert.is(queue.attempts('a'), 2);
  await clock.advance(500);
  assert.is(await takeNow(queue), 'a');
  queue.forget('a');
  assert.is(queue.attempts('a'), 0);
});

test('says how deep it is and how long its keys have been worked on, and ignores done for a key nobody has', async () => {
  const { clock, queue } = open();
  queue.done('nobody');
  queue.add('a', { priority: 5 });
  queue.add('b', { priority: START_UP_PRIORITY });
  queue.add('c', { after: 10_000 });
  assert.equal([...queue.depth()].toSorted(), [
    [-100, 1],
    [5, 1],
  ]);
  await queue.take(forever);
  queue.add('a');
  await clock.advance(250);
  assert.equal([...queue.depth()], [[-100, 1]]);
  assert.equal([...queue.working()], [['a', 250]]);
});

test('tells its observer what happens', async () => {
  const clock = createFakeClock();
  const seen: string[] = [];
  const queue = createQueue({
    name: 'test',
    clock,
    observer: {
      added: (priority) => seen.push(`added ${priority}`),
      taken: (seconds) => seen.push(`taken after ${seconds}`),
      finished: (seconds) => seen.push(`finished after ${seconds}`),
      retried: () => seen.push('retried'),
    },
  });
  queue.add('a', { priority: 1 });
  queue.add('a');
  await clock.advance(2_000);
  await queue.take(forever);
  await clock.advance(500);
  queue.retry('a', 1_000);
  queue.done('a');
  assert.equal(seen, ['added 1', 'taken after 2', 'retried', 'added 0', 'finished after 0.5']);
});

test('does not grow with changes of a key whose time is far off', async () => {
  const { queue } = open();
  for (let n = 100_000; n > 0; n--) queue.add('a', { after: 3_600_000 + n });
  queue.add('a');
  assert.is(await takeNow(queue), 'a');
  queue.done('a');
  assert.is(await takeNow(queue), undefined);
});

// The naive model: a list, searched from end to end.
interface Entry {
  readonly key: string;
  readonly dueAt: number;
  readonly priority: number;
  readonly order: number;
}
const createModel = () => {
  let entries: Entry[] = [];
  const held = new Set<string>();
  let order = 0;
  return {
    held,
    add(now: number, key: string, { priority = 0, after = 0 }: AddOptions) {
      const same = entries.find((entry) => entry.key === key);
      const entry = {
        key,
        dueAt: Math.min(now + after, same?.dueAt ?? Number.POSITIVE_INFINITY),
        priority: Math.max(priority, same?.priority ?? Number.NEGATIVE_INFINITY),
        order: same?.order ?? order++,
      };
      entries = [...entries.filter((other) => other !== same), entry];
    },
    take(now: number): string | undefined {
      const [first] = entries
        .filter((entry) => entry.dueAt <= now && !held.has(entry.key))
        .toSorted((a, b) => b.priority - a.priority || a.dueAt - b.dueAt || a.order - b.order);
      if (first === undefined) return undefined;
      entries = entries.filter((entry) => entry !== first);
      held.add(first.key);
      return first.key;
    },
    left: () => entries.length,
  };
};

const aKey = fc.constantFrom('a', 'b', 'c', 'd');
const aCommand = fc.oneof(
  fc.record({
    do: fc.constant('add' as const),
    key: aKey,
    options: fc.record({ priority: fc.constantFrom(-100, 0, 7), after: fc.constantFrom(0, 3, 10, 40) }),
  }),
  fc.record({ do: fc.constant('take' as const) }),
  fc.record({ do: fc.constant('done' as const), key: aKey }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat(15) }),
);

test('does what the naive model does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(aCommand, { maxLength: 60 }), async (commands) => {
      const { clock, queue } = open();
      const model = createModel();
      for (const command of commands) {
        switch (command.do) {
          case 'add':
            queue.add(command.key, command.options);
            model.add(clock.monotonic(), command.key, command.options);
            break;
          case 'take':
            assert.is(await takeNow(queue), model.take(clock.monotonic()));
            break;
          case 'done':
            if (model.held.delete(command.key)) queue.done(command.key);
            break;
          case 'wait':
            await clock.advance(command.ms);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('with several workers never gives a key to two, and comes to every add: no wake-up is lost', async () => {
  const aStep = fc.record({
    key: aKey,
    after: fc.constantFrom(0, 0, 5, 20),
    pause: fc.nat(8),
    work: fc.nat(12),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(aStep, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), async (steps, workers) => {
      const { clock, queue } = open();
      const held = new Set<string>();
      const startedAt = new Map<string, number>();
      const works = steps.map((step) => step.work);
      const stop = new AbortController();
      const work = async (): Promise<void> => {
        for (let key = await queue.take(stop.signal); key !== undefined; key = await queue.take(stop.signal)) {
          assert.not(held.has(key), 'one worker a key');
          held.add(key);
          startedAt.set(key, clock.monotonic());
          const ms = works.shift() ?? 0;
          await new Promise<void>((resolve) => clock.after(ms, resolve));
          held.delete(key);
          queue.done(key);
        }
      };
      const all = Array.from({ length: workers }, work);
      const dueAt = new Map<string, number>();
      for (const { key, after, pause } of steps) {
        queue.add(key, { after });
        dueAt.set(key, clock.monotonic());
        await clock.advance(pause);
      }
      await clock.advance(10_000);
      for (const [key, addedAt] of dueAt) assert.ok((startedAt.get(key) ?? -1) >= addedAt, `${key} was worked on after its last add`);
      assert.equal([...queue.depth()], []);
      assert.is(clock.pending, 0);
      stop.abort();
      await Promise.all(all);
    }),
    { numRuns: 150 },
  );
});

test.run();
