import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keyOf } from '../../controller/api/object.ts';
import { isNewer } from '../../controller/api/version.ts';
import { createCache } from '../../controller/runtime/cache.ts';
import { metadata, session, vm } from './objects.ts';

const test = suite('cache');
const key = { namespace: 'default', name: 'a' };
const versionOfA = (cache: ReturnType<typeof createCache<'Session'>>) => cache.get(key)?.metadata.resourceVersion;

test('compares versions as numbers where both are, and else only tells equal from different', () => {
  assert.ok(isNewer('10', '9'));
  assert.ok(isNewer('9007199254740993', '9007199254740992'));
  assert.not(isNewer('9', '10'));
  assert.not(isNewer('9', '9'));
  assert.ok(isNewer('abc', '9'));
  assert.ok(isNewer('9', 'abc'));
  assert.not(isNewer('abc', 'abc'));
});

test('reports each change once, with what was before and what is after', () => {
  const cache = createCache<'Session'>();
  const [one, two] = [session('a', '1'), session('a', '2')];
  assert.equal(cache.put(one), { key, after: one });
  assert.is(cache.put(one), undefined);
  assert.equal(cache.put(two), { key, before: one, after: two });
  assert.equal(cache.gone(key, one.metadata.uid), { key, before: two });
  assert.is(cache.gone(key, one.metadata.uid), undefined);
  assert.equal(cache.list(), []);
});

test('a learned object stays when the watch brings older versions late', () => {
  const cache = createCache<'Session'>();
  cache.put(session('a', '1'));
  cache.learn(session('a', '3'));
  assert.is(cache.put(session('a', '2')), undefined);
  assert.is(cache.put(session('a', '3')), undefined);
  assert.is(versionOfA(cache), '3');
  cache.put(session('a', '4'));
  assert.is(versionOfA(cache), '4');
});

test('a write whose answer comes after the watch said more, or after the object went, changes nothing', () => {
  const cache = createCache<'Session'>();
  cache.put(session('a', '5'));
  assert.is(cache.learn(session('a', '4')), undefined);
  cache.gone(key, 'uid-of-a');
  assert.is(cache.learn(session('a', '6')), undefined);
  assert.is(cache.get(key), undefined);
});

test('an object seen to go before it was ever known is not learned afterwards', () => {
  const cache = createCache<'Session'>();
  cache.gone(key, 'uid-of-a');
  assert.is(cache.learn(session('a', '1')), undefined);
  assert.is(cache.get(key), undefined);
});

test('the write that takes the last finalizer off an object being deleted removes it, and late news does not bring it back', () => {
  const cache = createCache<'Session'>();
  const deleting = { deletionTimestamp: '2026-01-01T00:01:00Z' };
  const before = session('a', '4', { ...deleting, finalizers: ['berth.dev/cleanup'] });
  cache.put(before);
  assert.equal(cache.learn(session('a', '5', deleting)), { key, before });
  assert.is(cache.put(before), undefined);
  assert.is(cache.put(session('a', '5', deleting)), undefined);
  assert.is(cache.gone(key, 'uid-of-a'), undefined);
  assert.equal(cache.list(), []);
});

test('news of the old incarnation does not touch the new one', () => {
  const cache = createCache<'Session'>();
  cache.put(session('a', '1'));
  cache.learn(session('a', '7', { uid: 'second' }));
  assert.is(cache.put(session('a', '2')), undefined, 'older than what replaced it');
  assert.is(cache.gone(key, 'uid-of-a'), undefined);
  assert.is(cache.get(key)?.metadata.uid, 'second');
});

test('an object that the store restores with its old uid and a newer version is taken from the watch', () => {
  const cache = createCache<'Session'>();
  cache.put(session('a', '1'));
  cache.gone(key, 'uid-of-a');
  assert.is(cache.put(session('a', '1')), undefined);
  cache.put(session('a', '9'));
  assert.is(versionOfA(cache), '9');
  cache.learn(session('a', '10'));
  assert.is(versionOfA(cache), '10');
});

test('remembers only so many of the dead', () => {
  const cache = createCache<'Session'>();
  for (let n = 0; n <= 4096; n++) cache.gone({ namespace: 'default', name: `s${n}` }, `uid-${n}`);
  assert.ok(cache.learn(session('s0', '1', { uid: 'uid-0' })), 'forgotten');
  assert.is(cache.learn(session('s4096', '1', { uid: 'uid-4096' })), undefined, 'remembered');
});

test('finds by index, also after the value changed and after the object went', () => {
  const cache = createCache<'VM'>({ pool: (object) => [object.spec.poolRef.name], none: () => [] });
  const [a, b, moved] = [vm('a', 'one'), vm('b', 'one'), vm('a', 'two', '2')];
  cache.put(a);
  cache.put(b);
  assert.equal(cache.byIndex('pool', 'one'), [a, b]);
  cache.put(moved);
  assert.equal(cache.byIndex('pool', 'one'), [b]);
  assert.equal(cache.byIndex('pool', 'two'), [moved]);
  cache.gone(keyOf(b), b.metadata.uid);
  assert.equal(cache.byIndex('pool', 'one'), []);
  assert.equal(cache.byIndex('none', 'x'), []);
  assert.throws(() => cache.byIndex('size', 'l'), /no index size was declared/);
});

test('ends as the watch ends, in whatever order our own writes are learned in between', () => {
  // A history of one name: versions rise, incarnations come and go. The watch tells it in order; answers to writes come
  // at any later or earlier moment, each version at most once.
  const step = fc.record({ recreate: fc.boolean(), gone: fc.boolean(), learnAt: fc.nat(30) });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
      const cache = createCache<'Session'>({ uid: (object) => [object.metadata.uid] });
      const history: (() => unknown)[] = [];
      const learned: { at: number; run: () => unknown }[] = [];
      let [uid, exists, version] = [0, false, 0];
      let last = session('a', '0');
      for (const { recreate, gone, learnAt } of steps) {
        if (exists && gone) {
          const was = `uid-${uid}`;
          history.push(() => cache.gone(key, was));
          exists = false;
          continue;
        }
        if (!exists || recreate) uid++;
        const object = { ...session('a', '0'), metadata: metadata('a', String(++version), { uid: `uid-${uid}` }) };
        // An answer is not there before the write, but the watch may be far behind: nothing limits how early.
        history.push(() => cache.put(object));
        learned.push({ at: learnAt, run: () => cache.learn(object) });
        last = object;
        exists = true;
      }
      for (const [index, event] of history.entries()) {
        for (const { at, run } of learned) if (at === index) run();
        event();
      }
      if (exists) assert.equal(cache.get(key), last);
      const held = cache.list();
      assert.equal(
        held.flatMap((object) => cache.byIndex('uid', object.metadata.uid)),
        held,
      );
    }),
    { numRuns: 500 },
  );
});

test.run();
