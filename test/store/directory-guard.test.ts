// Which vanished objects may be deleted.
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EMPTY_GUARD, type GuardLook, type GuardState, guardDeletions } from '../../controller/store/directory/deletion-guard.ts';

const test = suite('deletion guard');

const ids = (count: number): ReadonlySet<string> => new Set(Array.from({ length: count }, (_, n) => `Session/default/s${n}`));
const look = (more: Partial<GuardLook>): GuardLook => ({
  now: 0,
  total: 100,
  missing: new Set(),
  scanBegan: 0,
  isConfirmed: false,
  ...more,
});
const stateAfter = (...looks: readonly GuardLook[]): GuardState =>
  looks.reduce((state, each) => guardDeletions(state, each).state, EMPTY_GUARD);

test('nothing missing, nothing done', () => {
  assert.equal(guardDeletions(EMPTY_GUARD, look({})), { state: EMPTY_GUARD, remove: [] });
});

test('a vanished object is deleted after 5 s and a complete scan that began after them', () => {
  const missing = ids(1);
  const first = guardDeletions(EMPTY_GUARD, look({ missing }));
  assert.equal(first.remove, []);
  assert.is(first.scanAt, 5_000);
  assert.equal(guardDeletions(first.state, look({ missing, now: 6_000, scanBegan: undefined })).remove, []);
  assert.equal(guardDeletions(first.state, look({ missing, now: 6_000, scanBegan: 4_999 })).remove, []);
  assert.equal(guardDeletions(first.state, look({ missing, now: 6_000, scanBegan: 5_000 })).remove, [...missing]);
});

test('one that returns is forgotten, and begins anew when it vanishes again', () => {
  const state = stateAfter(look({ missing: ids(1) }), look({ now: 3_000 }), look({ missing: ids(1), now: 4_000 }));
  assert.equal(guardDeletions(state, look({ missing: ids(1), now: 6_000, scanBegan: 6_000 })).remove, []);
});

test('up to ten may go at once, however few there are', () => {
  const before = stateAfter(look({ missing: ids(10), total: 10 }));
  assert.is(guardDeletions(before, look({ missing: ids(10), total: 10, now: 5_000, scanBegan: 5_000 })).remove.length, 10);
});

test('more than a fifth within 60 s are held until they return or are confirmed', () => {
  const missing = ids(21);
  const held = stateAfter(look({ missing }));
  assert.ok(held.isHeld);
  const later = look({ missing, now: 3_600_000, scanBegan: 3_600_000 });
  assert.equal(guardDeletions(held, later).remove, []);
  assert.is(guardDeletions(held, { ...later, isConfirmed: true }).remove.length, 21);
  assert.not.ok(guardDeletions(held, look({ now: 10_000 })).state.isHeld);
});

test('those deleted within the last 60 s count, those before do not', () => {
  const gone = stateAfter(look({ missing: ids(15) }), look({ missing: ids(15), now: 5_000, scanBegan: 5_000 }));
  const more = new Set(Array.from({ length: 8 }, (_, n) => `Session/default/t${n}`));
  assert.ok(guardDeletions(gone, look({ missing: more, total: 85, now: 10_000 })).state.isHeld);
  assert.not.ok(guardDeletions(gone, look({ missing: more, total: 85, now: 66_000 })).state.isHeld);
});

test('never does a look at an unsound root delete, and never do more than a fifth go within a minute', () => {
  const step = fc.record({ now: fc.nat(59_999), missing: fc.nat(40), scanned: fc.boolean() });
  void fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      let state = EMPTY_GUARD;
      const removed = new Set<string>();
      for (const { now, missing, scanned } of steps.toSorted((a, b) => a.now - b.now)) {
        const left = new Set([...ids(missing)].filter((id) => !removed.has(id)));
        const decision = guardDeletions(
          state,
          look({ now, total: 100 - removed.size, missing: left, scanBegan: scanned ? now : undefined }),
        );
        if (!scanned) assert.is(decision.remove.length, 0);
        for (const id of decision.remove) removed.add(id);
        state = decision.state;
      }
      assert.ok(removed.size <= 20);
    }),
  );
});

test.run();
