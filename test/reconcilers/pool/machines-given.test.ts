// Pools whose machines exist already: there are so many of them and no more, and each is what it is.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { classify } from '../../../controller/reconcilers/pool/classify.ts';
import { decide } from '../../../controller/reconcilers/pool/decide.ts';
import { offering, pool, poolWorld } from '../../builders/pool.ts';
import { session } from '../../builders/session.ts';
import { newVM, readyVM } from '../../builders/vm.ts';
import { told } from './told.ts';

const test = suite('pool: machines that are given');
const large = (room: number) => [offering('l', { room, slots: 4, memoryMiB: 131_072 })];

test('no more VMs are made than there are machines; the rest wait for one to be free', () => {
  const sessions = Array.from({ length: 9 }, (_, n) => session(`s${n}`));
  const actions = decide(poolWorld(pool(), { sessions, offerings: large(2) })).actions;
  assert.is(actions.filter((action) => action.do === 'createVM').length, 2);
  assert.equal(
    actions.flatMap((action) => (action.do === 'explainWait' ? [action.wait] : [])),
    [{ reason: 'PoolFull', message: 'all slots are taken, and so are all machines of size l that the pool has' }],
  );
});

test('a VM that has no machine yet will take one', () => {
  const sessions = [session('a', { spec: { memoryMiB: 131_072 } }), session('b', { spec: { memoryMiB: 131_072 } })];
  const vms = [newVM('default-0')];
  assert.equal(told(poolWorld(pool(), { sessions, vms, offerings: large(1) })), ['place a on default-0, attempt 1', 'b waits: PoolFull']);
  const [vm] = [readyVM('default-0')];
  assert.equal(told(poolWorld(pool(), { sessions: sessions.slice(1), vms: [vm], offerings: large(1) })).length, 1);
});

test('where it is a quota that allows no more, its words are the reason', () => {
  const sessions = Array.from({ length: 6 }, (_, n) => session(`s${n}`));
  const offerings = [offering('l', { room: 1, limit: 'limit 16, 16 in use' })];
  const waits = decide(poolWorld(pool({ spec: { maxVMs: 2 } }), { sessions, offerings })).actions.flatMap((action) =>
    action.do === 'explainWait' ? [action.wait] : [],
  );
  assert.equal(
    waits,
    sessions.slice(4).map(() => ({ reason: 'QuotaExceeded', message: 'limit 16, 16 in use' })),
  );
});

test('minVMs and warm slots stop at what there is, too', () => {
  assert.is(told(poolWorld(pool({ spec: { minVMs: 5, warmSlots: 50 } }), { offerings: large(3) })).length, 3);
});

test('a VM gets the slots of its machine, and a session the machine that has its memory', () => {
  const offerings = [
    offering('l', { sku: 'small', room: 1, slots: 2, memoryMiB: 32_768 }),
    offering('l', { sku: 'big', room: 1, slots: 6, memoryMiB: 262_144 }),
  ];
  const made = (memoryMiB: number) =>
    decide(poolWorld(pool(), { sessions: [session('a', { spec: { memoryMiB } })], offerings })).actions.flatMap((action) =>
      action.do === 'createVM' ? [action.vm] : [],
    );
  assert.equal(made(16_384), [{ size: 'l', slots: 2, memoryMiB: 32_768 }]);
  assert.equal(made(200_000), [{ size: 'l', slots: 6, memoryMiB: 262_144 }]);
  assert.equal(made(300_000), []);
});

test('until its machine is known, a VM counts with the least memory that it may turn out to have', () => {
  const offerings = [
    offering('l', { sku: 'a', slots: 4, memoryMiB: 65_536 }),
    offering('l', { sku: 'b', slots: 4, memoryMiB: 98_304 }),
    offering('l', { sku: 'c', slots: 2, memoryMiB: 8_192 }),
  ];
  const memory = (world: Partial<Parameters<typeof poolWorld>[1]>) =>
    classify(poolWorld(pool(), world)).vms.map(({ memoryMiB }) => memoryMiB);
  assert.equal(memory({ vms: [newVM('default-0')], offerings }), [65_536]);
  assert.equal(memory({ vms: [readyVM('default-0')], offerings }), [131_072]);
  assert.equal(memory({ vms: [newVM('default-0')], offerings: [offering('l')] }), [131_072]);
  assert.equal(memory({ vms: [newVM('default-0', { spec: { size: 's' } })], offerings: [] }), [0]);
});

test.run();
