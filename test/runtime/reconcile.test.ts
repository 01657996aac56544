import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OperatorError } from '../../controller/api/error.ts';
import type { Action, Decision, Outcome, Reconciler } from '../../controller/api/reconciler.ts';
import type { Session } from '../../controller/api/types.generated.ts';
import { isConflict, type ReconcileContext, reconcile } from '../../controller/runtime/reconcile.ts';
import type { Precondition } from '../../controller/store/store.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createMemoryLog } from '../fakes/logger.ts';
import { session } from './objects.ts';

const test = suite('reconcile');
const key = { namespace: 'default', name: 'a' };
const forever = new AbortController().signal;

interface World {
  readonly object: Session;
  readonly now: number;
  readonly list: string[];
}
type SessionReconciler = Reconciler<'Session', World, Action>;

/** A reconciler that does what each test says, and a context that remembers what was written. */
const open = (parts: Partial<SessionReconciler> = {}, context: Partial<ReconcileContext<'Session', World, Action>> = {}) => {
  const log = createMemoryLog();
  const written: { at: Precondition; status: Session['status'] }[] = [];
  const learned: Session[] = [];
  const reconciler: SessionReconciler = {
    kind: 'Session',
    observe: async (_key, now) => ({ object: session('a', '1'), now, list: [] }),
    decide: () => ({ actions: [] }),
    act: async () => undefined,
    status: ({ object }) => ({ object, status: { phase: 'Pending' } }),
    ...parts,
  };
  const full: ReconcileContext<'Session', World, Action> = {
    clock: createFakeClock(1_000),
    log,
    patchStatus: async (at, status) => {
      written.push({ at, status });
      return session(at.name, '9', {}, status);
    },
    learn: (object) => learned.push(object),
    ...context,
  };
  return { log, written, learned, run: (signal = forever) => reconcile(reconciler, key, full, signal) };
};

const actions = (...names: string[]): Decision<Action> => ({ actions: names.map((name) => ({ do: name, because: `of ${name}` })) });

test('does nothing for a key with nothing behind it', async () => {
  const { run, written } = open({ observe: async () => undefined });
  assert.equal(await run(), { failures: [] });
  assert.equal(written, []);
});

test('observes at the time of the clock, and hands on when to look again', async () => {
  const { run } = open({ decide: ({ now }) => ({ actions: [], recheckAt: now + 500 }) });
  assert.equal(await run(), { failures: [], requeueAt: 1_500 });
});

test('writes the status against the version that was observed, and learns what is stored', async () => {
  const { run, written, learned } = open();
  await run();
  assert.equal(written, [{ at: { ...key, uid: 'uid-of-a', resourceVersion: '1' }, status: { phase: 'Pending' } }]);
  assert.equal(
    learned.map((object) => object.metadata.resourceVersion),
    ['9'],
  );
});

test('writes no status that says the same, and none where none is wanted', async () => {
  const object = session('a', '1', {}, { phase: 'Pending' });
  const same = open({ status: () => ({ object, status: JSON.parse('{"phase":"Pending"}') }) });
  await same.run();
  assert.equal(same.written, []);
  const none = open({ status: () => undefined });
  await none.run();
  assert.equal(none.written, []);
});

test('writes against the newest version that an action made of the object', async () => {
  const versions: Record<string, Session | undefined> = { hold: session('a', '3'), other: undefined, mark: session('a', '2') };
  const { run, written, learned } = open({ decide: () => actions('hold', 'other', 'mark'), act: async (action) => versions[action.do] });
  await run();
  assert.is(written[0]?.at.resourceVersion, '3');
  assert.equal(
    learned.map((object) => object.metadata.resourceVersion),
    ['3', '2', '9'],
  );
});

test('does not take another object that an action returned for the one whose status it writes', async () => {
  const { run, written } = open({ decide: () => actions('make'), act: async () => session('b', '7') });
  await run();
  assert.is(written[0]?.at.resourceVersion, '1');
});

test('writes no status to an object that went with its last finalizer', async () => {
  const { run, written } = open({
    decide: () => actions('release'),
    act: async () => session('a', '2', { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: [] }),
  });
  assert.equal((await run()).failures, []);
  assert.equal(written, []);
});

test('runs every action whatever becomes of the others, then writes the status with all outcomes', async () => {
  const quota = new OperatorError('quota', 'no cores left');
  let seen: readonly Outcome<Action>[] = [];
  const told: string[] = [];
  const { run, written, log } = open(
    {
      decide: () => actions('grow', 'place', 'shrink'),
      act: async (action) => {
        if (action.do === 'grow') throw quota;
        return undefined;
      },
      status: ({ object }, _decision, outcomes) => {
        seen = outcomes;
        return { object, status: { phase: 'Pending' } };
      },
    },
    { onOutcome: ({ action, error }) => told.push(`${action.do} ${error === undefined ? 'went well' : 'failed'}`) },
  );
  const result = await run();
  assert.is(result.error, quota);
  assert.equal(result.failures, [{ doing: 'grow', because: 'of grow', error: quota }]);
  assert.equal(
    seen.map(({ action, error }) => [action.do, error]),
    [
      ['grow', quota],
      ['place', undefined],
      ['shrink', undefined],
    ],
  );
  assert.equal(told.toSorted(), ['grow failed', 'place went well', 'shrink went well']);
  assert.is(written.length, 1);
  assert.equal(
    log.lines.map(({ msg, action, because }) => [msg, action, because]),
    [
      ['Carried out action', 'place', 'of place'],
      ['Carried out action', 'shrink', 'of shrink'],
    ],
  );
});

test('runs many actions a few at a time', async () => {
  let [now, most] = [0, 0];
  const names = Array.from({ length: 50 }, (_, n) => `place-${n}`);
  const { run } = open({
    decide: () => actions(...names),
    act: async () => {
      most = Math.max(most, ++now);
      await Promise.resolve();
      now--;
      return undefined;
    },
  });
  await run();
  assert.is(most, 8);
});

test('lets the worst failure decide, the status write among them', async () => {
  const conflict = new OperatorError('conflict', 'changed meanwhile');
  const { run } = open(
    {
      decide: () => actions('bad'),
      act: async () => {
        throw new OperatorError('invalid', 'no such size');
      },
    },
    {
      patchStatus: async () => {
        throw conflict;
      },
    },
  );
  const result = await run();
  assert.is(result.error, conflict);
  assert.equal(
    result.failures.map(({ doing }) => doing),
    ['bad', 'status'],
  );
  assert.ok(isConflict(result.error));
});

test('reports where a pass broke, and decides nothing after that', async () => {
  for (const doing of ['observe', 'decide', 'status'] as const) {
    const broken = new TypeError('x is undefined');
    const { run, written } = open({
      [doing]: () => {
        throw broken;
      },
    });
    assert.equal(await run(), { failures: [{ doing, error: broken }], error: broken });
    assert.equal(written, []);
  }
});

test('starts no more actions once time is up, and still writes the status', async () => {
  const stop = new AbortController();
  const { run, written } = open({
    decide: () => actions(...Array.from({ length: 9 }, (_, n) => `n${n}`)),
    act: async () => {
      stop.abort();
      throw undefined;
    },
  });
  const result = await run(stop.signal);
  assert.match(String(result.failures[0]?.error), /n0 failed without an error/);
  assert.match(String(result.failures[8]?.error), /n8 was not started: the pass ran out of time/);
  assert.is(written.length, 1);
});

test('what a decision has not begun after a second is decided anew at once, and the rest is still told', async () => {
  const clock = createFakeClock(1_000);
  const begun: string[] = [];
  const all = Promise.withResolvers<void>();
  const { run, written } = open(
    {
      decide: () => ({ ...actions(...Array.from({ length: 20 }, (_, n) => `n${n}`)), recheckAt: 90_000 }),
      act: async (action) => {
        if (begun.push(action.do) === 8) await clock.advance(1_000).then(all.resolve);
        await all.promise;
        return undefined;
      },
    },
    { clock },
  );
  const result = await run();
  assert.is(begun.length, 8);
  assert.equal(result, { failures: [], requeueAt: 2_000 });
  assert.is(written.length, 1);
});

test('where asked to, freezes what was observed so that a change of it throws', async () => {
  const spoil: Partial<SessionReconciler> = {
    decide: (world) => {
      world.list.push('mine');
      return { actions: [] };
    },
  };
  assert.equal((await open(spoil).run()).failures, []);
  assert.match(String((await open(spoil, { freeze: true }).run()).error), /not extensible/);
});

test.run();
