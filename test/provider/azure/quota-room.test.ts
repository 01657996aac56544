// How many more machines Azure's own counts leave room for.
import type { Usage } from '@azure/arm-compute';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type InFlight, quotaRoom } from '../../../controller/provider/azure/quota-room.ts';
import { facts } from './azure-said.ts';

const test = suite('azure provider: room in the quotas');

const usage = (value: string, currentValue: number, limit: number, localizedValue?: string): Usage => ({
  unit: 'Count',
  currentValue,
  limit,
  name: { value, ...(localizedValue === undefined ? {} : { localizedValue }) },
});
const REGULAR = { region: 'westus3', priority: 'Regular' } as const;
const SPOT = { region: 'westus3', priority: 'Spot' } as const;
const E16 = facts();
const counted = (...counts: readonly Usage[]) => ({ counts, nextReadAt: 0 });
const flying = (count: number, more: Partial<InFlight[number]> = {}): InFlight =>
  Array.from({ length: count }, () => ({ ...REGULAR, facts: E16, ...more }));

test('the quota that allows the fewest decides, and its numbers are told', () => {
  const usages = counted(usage('cores', 0, 100), usage('STANDARDESV5FAMILY', 40, 90, 'Standard ESv5 Family vCPUs'));
  assert.equal(quotaRoom(REGULAR, E16, usages, []), {
    machines: 3,
    tightest: { quota: 'Standard ESv5 Family vCPUs', region: 'westus3', limit: 90, usage: 40, required: 16 },
    nextReadAt: 0,
  });
});

test('what is on its way counts: against the region all of it, against the family its own', () => {
  const usages = counted(usage('cores', 0, 64), usage('standardESv5Family', 0, 32));
  assert.is(quotaRoom(REGULAR, E16, usages, flying(1))?.machines, 1);
  const other = flying(1, { facts: facts({ sku: 'Standard_E16as_v6' }) });
  assert.is(quotaRoom(REGULAR, E16, usages, other)?.machines, 2);
  assert.is(quotaRoom(REGULAR, E16, usages, [...other, ...flying(3)])?.machines, 0, 'never below none');
});

test('what is on its way elsewhere, or paid otherwise, does not count', () => {
  const usages = counted(usage('cores', 0, 32));
  assert.is(quotaRoom(REGULAR, E16, usages, [...flying(9, SPOT), ...flying(9, { region: 'eastus' })])?.machines, 2);
  assert.is(
    quotaRoom(REGULAR, E16, usages, flying(1, { facts: facts({ vCPUs: undefined }) }))?.machines,
    2,
    'nobody knows of how many cores',
  );
});

test('Spot machines have one quota of their own, whatever their family', () => {
  const usages = counted(usage('cores', 100, 100), usage('lowPriorityCores', 3, 20));
  assert.equal(quotaRoom(SPOT, E16, usages, []), {
    machines: 1,
    tightest: { quota: 'lowPriorityCores', region: 'westus3', limit: 20, usage: 3, required: 16 },
    nextReadAt: 0,
  });
});

test('where nothing is known, nothing is forbidden', () => {
  const full = counted(usage('cores', 100, 100));
  assert.is(quotaRoom(REGULAR, E16, undefined, []), undefined, 'counts not read');
  assert.is(quotaRoom(REGULAR, facts({ vCPUs: undefined }), full, []), undefined, 'a SKU of how many cores');
  assert.is(quotaRoom(SPOT, E16, full, []), undefined, 'a quota that Azure does not list');
  assert.is(quotaRoom(REGULAR, facts({ family: undefined }), counted(usage('standardESv5Family', 9, 9)), []), undefined, 'no family');
  assert.is(quotaRoom(REGULAR, E16, counted({ ...usage('x', 9, 9), name: {} }), []), undefined, 'a quota without a name');
});

test('never more than fit, and one more would not', () => {
  const counts = fc.record({ used: fc.nat(500), limit: fc.nat(500), vCPUs: fc.integer({ min: 1, max: 64 }), flying: fc.nat(5) });
  fc.assert(
    fc.property(counts, ({ used, limit, vCPUs, flying: many }) => {
      const of = facts({ vCPUs });
      const machines = quotaRoom(REGULAR, of, counted(usage('cores', used, limit)), flying(many, { facts: of }))?.machines ?? -1;
      const left = limit - used - many * vCPUs;
      assert.ok(machines >= 0);
      assert.ok(machines === 0 ? left < vCPUs : machines * vCPUs <= left && (machines + 1) * vCPUs > left);
    }),
  );
});

test.run();
