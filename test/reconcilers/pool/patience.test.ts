import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decide } from '../../../controller/reconcilers/pool/decide.ts';
import { pool, poolWorld } from '../../builders/pool.ts';
import { placed, session } from '../../builders/session.ts';
import { ago, NOW } from '../../builders/time.ts';
import { readyVM } from '../../builders/vm.ts';
import { told } from './told.ts';

const test = suite('pool: patience');

const born = (seconds: number) => ({ meta: { creationTimestamp: ago(seconds) } });
const one = { maxVMs: 1, sizes: [{ name: 'l' as const, slots: 1 }] };
const vm = readyVM('default-0', { spec: { slots: 1 }, ...born(100) });

/** A pool with one slot, which the first session has for so long. */
const full = (seconds: number, ...waiting: readonly ReturnType<typeof session>[]) => {
  const first = placed('first', vm, 'yes', born(100));
  const conditions = (first.status?.conditions ?? []).map((each) => ({ ...each, lastTransitionTime: ago(seconds) }));
  const sessions = [{ ...first, status: { ...first.status, conditions } }, ...waiting];
  return poolWorld(pool({ spec: one }), { vms: [vm], sessions, isPatient: true });
};

test('that the pool is full is no news while sessions come to their places, and is once that has stopped', () => {
  const waits = session('a', born(1));
  assert.equal(told(full(4, waits)), []);
  assert.is(decide(full(4, waits)).recheckAt, NOW + 5_000);
  assert.equal(told(full(5, waits)), ['a waits: PoolFull']);
  assert.equal(told({ ...full(4, waits), isPatient: false }), ['a waits: PoolFull']);
  assert.equal(told(full(-3600, waits)), ['a waits: PoolFull']);
});

test('who has waited for long is told in any case', () => {
  assert.equal(told(full(0, session('a', born(29)), session('b', born(30)))), ['b waits: PoolFull']);
});

test('who was given a place that is none any more is told at once', () => {
  const lost = placed('a', readyVM('gone'), 'no', born(1));
  assert.equal(told(full(0, lost)), ['a waits: PoolFull']);
});

test('a pool that places sessions or makes VMs is on the move', () => {
  const two = [session('a', born(1)), session('b', born(1))];
  const places = poolWorld(pool({ spec: one }), { vms: [vm], sessions: two, isPatient: true });
  assert.equal(told(places), ['place a on default-0, attempt 1, launching']);
  const makes = poolWorld(pool({ spec: one }), {
    sessions: [...two, ...Array.from({ length: 4 }, (_, n) => session(`c${n}`, born(1)))],
    isPatient: true,
  });
  assert.is(told(makes).length, 1);
  const made = readyVM('default-0', { spec: { slots: 0 }, ...born(4) });
  assert.equal(told(poolWorld(pool({ spec: one }), { vms: [made], sessions: [session('a', born(1))], isPatient: true })), []);
});

test('what a person has to mend is told at once', () => {
  const nowhere = session('nowhere', { ...born(1), spec: { region: 'mars' } });
  assert.equal(told(full(0, nowhere)), ['nowhere waits: NoMatchingRegion']);
});

test.run();
