import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deepFreeze } from '../../controller/runtime/freeze.ts';

const test = suite('freeze');

test('freezes all the way down, also below what was frozen at the top and inside maps', () => {
  const world = Object.freeze({ list: [{ a: 1 }], map: new Map([['k', { b: 1 }]]), set: new Set([{ c: 1 }]), none: null });
  assert.is(deepFreeze(world), world);
  assert.throws(() => world.list.push({ a: 2 }), /not extensible/);
  assert.throws(() => Object.assign(world.list[0] ?? {}, { a: 2 }), /read only/);
  assert.throws(() => Object.assign(world.map.get('k') ?? {}, { b: 2 }), /read only/);
  assert.throws(() => Object.assign([...world.set][0] ?? {}, { c: 2 }), /read only/);
});

test('leaves alone what is not plain data, and copes with cycles', () => {
  const cycle: { self?: unknown; bytes: Buffer; when: Date } = { bytes: Buffer.from('x'), when: new Date(0) };
  cycle.self = cycle;
  deepFreeze(cycle);
  cycle.bytes[0] = 65;
  assert.is(cycle.bytes.toString(), 'A');
  assert.not(Object.isFrozen(cycle.when));
});

test.run();
