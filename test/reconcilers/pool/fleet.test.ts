import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Berths, createFleet, type Demand } from '../../../controller/reconcilers/pool/fleet.ts';

const test = suite('pool: fleet');

/** Best fit as SPEC 3.2 has it, looking at every VM each time. */
const naive = (all: readonly Berths[], demand: Demand): Berths | undefined =>
  all
    .filter((berths) => (demand.size ?? berths.size) === berths.size && (demand.region ?? berths.region) === berths.region)
    .filter(({ freeSlots, freeMemoryMiB }) => freeSlots > 0 && freeMemoryMiB >= demand.memoryMiB)
    .toSorted((a, b) => a.freeSlots - b.freeSlots || a.freeMemoryMiB - b.freeMemoryMiB || (a.name < b.name ? -1 : 1))[0];

const size = fc.constantFrom('s' as const, 'l' as const);
const region = fc.constantFrom('east', 'west');
const berths = fc.record({
  size,
  region,
  memoryMiB: fc.constant(8),
  freeSlots: fc.integer({ min: 0, max: 4 }),
  freeMemoryMiB: fc.integer({ min: 0, max: 8 }),
});
const demand = fc.record({
  size: fc.option(size, { nil: undefined }),
  region: fc.option(region, { nil: undefined }),
  memoryMiB: fc.integer({ min: 1, max: 4 }),
});

test('takes what looking at every VM would take, as long as anything fits', () => {
  void fc.assert(
    fc.property(fc.array(berths, { maxLength: 12 }), fc.array(demand, { maxLength: 30 }), (all, demands) => {
      const named = all.map((one, n) => ({ ...one, name: `vm-${n}` }));
      const model = structuredClone(named);
      const fleet = createFleet(named);
      for (const wanted of demands) {
        const expected = naive(model, wanted);
        assert.is(fleet.take(wanted)?.name, expected?.name);
        if (expected)
          Object.assign(expected, { freeSlots: expected.freeSlots - 1, freeMemoryMiB: expected.freeMemoryMiB - wanted.memoryMiB });
        const matching = model.filter((one) => (wanted.size ?? one.size) === one.size && (wanted.region ?? one.region) === one.region);
        assert.is(
          fleet.freeSlots(wanted),
          matching.reduce((sum, { freeSlots }) => sum + freeSlots, 0),
        );
      }
    }),
  );
});

const vm = (name: string, freeSlots: number, freeMemoryMiB: number): Berths => ({
  name,
  size: 'l',
  region: undefined,
  memoryMiB: 8,
  freeSlots,
  freeMemoryMiB,
});

test('reserves the VM with the most free memory, then slots, then by name, of those that can ever fit', () => {
  const any = { size: undefined, region: undefined, memoryMiB: 1 };
  const left = (all: Berths[], memoryMiB: number) => {
    const fleet = createFleet(all);
    fleet.reserve({ ...any, memoryMiB });
    return fleet.freeSlots(any);
  };
  assert.is(left([vm('a', 1, 2), vm('b', 2, 4), vm('c', 3, 3)], 5), 4);
  assert.is(left([vm('a', 1, 4), vm('b', 3, 4), vm('c', 2, 3)], 5), 3);
  assert.is(left([vm('b', 2, 4), vm('a', 2, 4)], 9), 4);
  const twins = createFleet([vm('b', 1, 4), vm('a', 1, 4)]);
  twins.reserve({ ...any, memoryMiB: 5 });
  assert.is(twins.take(any)?.name, 'b');
  const unlike = createFleet([{ ...vm('a', 1, 4), memoryMiB: 4 }, vm('b', 1, 4)]);
  unlike.reserve({ ...any, memoryMiB: 5 });
  assert.is(unlike.take(any)?.name, 'a');
  assert.is(unlike.take(any), undefined);
  const apart = createFleet([
    { ...vm('b', 1, 4), region: 'east' },
    { ...vm('a', 1, 4), region: 'west' },
  ]);
  apart.reserve({ ...any, memoryMiB: 5 });
  assert.is(apart.take(any)?.name, 'b');
});

test.run();
