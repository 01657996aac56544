// What somebody who primes a pool sees while the slots come.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { primeProgress } from '../../../cli/render/prime.ts';
import { condition, session, vm } from '../build.ts';

const test = suite('prime');
const ANY = { slots: 6, size: undefined, region: undefined };

test('free slots of ready VMs count, up to what was asked for', () => {
  assert.equal(primeProgress([], [], ANY), { ready: 0, text: '0/6 slots ready' });
  assert.equal(primeProgress([vm('default-0'), vm('default-1')], [], ANY), { ready: 8, text: '6/6 slots ready' });
  const busy = [session('a', { vm: 'default-0' }), session('b', { vm: 'default-0', phase: 'Completed' })];
  assert.is(primeProgress([vm('default-0')], busy, ANY).ready, 3);
  assert.is(primeProgress([vm('default-0', { status: { slots: 0 } })], busy, ANY).ready, 0);
});

test('VMs of another size or region, and cordoned ones, do not count', () => {
  const all = [vm('default-0'), vm('default-1', { spec: { size: 's' } }), vm('default-2', { status: { region: 'eastus' } })];
  assert.is(primeProgress(all, [], { ...ANY, size: 's' }).ready, 4);
  assert.is(primeProgress(all, [], { ...ANY, region: 'eastus' }).ready, 4);
  assert.is(primeProgress([vm('default-0', { spec: { cordoned: true } })], [], ANY).ready, 0);
});

test('those that come are named, with what they are and why they do not come', () => {
  const booting = vm('default-0', { status: { phase: 'Booting', sku: 'Standard_E16s_v5' } });
  const fresh = { ...vm('default-1', { spec: { region: 'eastus' } }), status: {} };
  const { status: _status, ...unseen } = vm('default-3');
  const refused = {
    ...vm('default-2'),
    status: { phase: 'Creating' as const, conditions: [condition('Ready', 'False', 'QuotaExceeded', 'limit 0')] },
  };
  const halted = {
    ...vm('default-4'),
    status: { phase: 'Creating' as const, conditions: [condition('Ready', 'False', 'ProviderNotReady', 'log in')] },
  };
  const waiting = {
    ...vm('default-5'),
    status: { phase: 'Creating' as const, conditions: [condition('Ready', 'False', 'Creating', 'no word')] },
  };
  assert.is(
    primeProgress([booting, fresh, refused, unseen, halted, waiting], [], ANY).text,
    '0/6 slots ready; default-0 booting (Standard_E16s_v5, westus3); default-1 creating (l, eastus); default-2 creating (l): limit 0; default-3 creating (l); default-4 creating (l): log in; default-5 creating (l)',
  );
});

test('where none comes, it is said what can not be had and when it is tried again', () => {
  const rows = [
    { sku: 'A', region: 'westus3', available: false, reason: 'QuotaExceeded', retryTime: 'T' },
    { sku: 'B', region: 'eastus', available: false },
    { sku: 'C', region: 'eastus', available: true },
  ];
  const text = (vms: Parameters<typeof primeProgress>[0], region?: string) => primeProgress(vms, [], { ...ANY, region }, rows).text;
  assert.is(text([]), '0/6 slots ready; no A in westus3 now (QuotaExceeded, next try T); no B in eastus now (not offered)');
  assert.is(text([], 'westus3'), '0/6 slots ready; no A in westus3 now (QuotaExceeded, next try T)');
  assert.is(text([vm('default-0'), vm('default-1')]), '6/6 slots ready');
});

test.run();
