import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { VM } from '../../../controller/api/types.generated.ts';
import { offeringRows } from '../../../controller/reconcilers/pool/offerings.ts';
import { offering, pool, poolWorld } from '../../builders/pool.ts';
import { ago, NOW } from '../../builders/time.ts';
import { failedVM, readyVM } from '../../builders/vm.ts';

const test = suite('pool: offerings');

const rows = (vms: readonly VM[], known: ReturnType<typeof offeringRows> = [], offerings = [offering('l')]) =>
  offeringRows(poolWorld(pool({ status: { offerings: known } }), { vms, offerings }));

const wait = (failures: number, seconds: number) => ({
  sku: 'Sim_l',
  region: 'local',
  available: seconds <= 0,
  reason: 'VMFailed',
  failures,
  retryTime: ago(-seconds),
});

test('shows what is to be had, and why not', () => {
  assert.equal(rows([], [], [offering('l'), offering('s', { available: false, reason: 'QuotaExceeded', retryTime: ago(-5) })]), [
    { sku: 'Sim_l', region: 'local', available: true },
    { sku: 'Sim_s', region: 'local', available: false, reason: 'QuotaExceeded', retryTime: ago(-5) },
  ]);
});

test('goes by the name of the size where there is no SKU', () => {
  assert.equal(rows([failedVM('default-0', 10)], [], [offering('l', { sku: '' })]), [{ ...wait(1, 50), sku: 'l' }]);
});

test('backs off from 1 minute, doubling to 30', () => {
  let known: ReturnType<typeof offeringRows> = [];
  const waits: number[] = [];
  for (let n = 1, at = NOW; n <= 7; n++) {
    const vm = failedVM(`default-${n}`, (NOW - at) / 1000);
    known = offeringRows({ ...poolWorld(pool({ status: { offerings: known } }), { vms: [vm] }), now: at });
    waits.push((Date.parse(known[0]?.retryTime ?? '') - at) / 60_000);
    at += 3600_000;
  }
  assert.equal(waits, [1, 2, 4, 8, 16, 30, 30]);
});

test('the same failure is counted once, and survives a restart and the VM', () => {
  const first = rows([failedVM('default-0', 10)]);
  assert.equal(first, [wait(1, 50)]);
  assert.equal(rows([failedVM('default-0', 10)], first), first);
  assert.equal(rows([], first), first);
});

test('a row that does not say how often it failed failed once; one that does not say until when says nothing', () => {
  const { failures: _failures, ...uncounted } = wait(1, 50);
  assert.equal(rows([], [uncounted]), [wait(1, 50)]);
  const { retryTime: _retryTime, ...endless } = wait(1, 50);
  assert.equal(rows([], [endless]), [{ sku: 'Sim_l', region: 'local', available: true }]);
});

test('VMs that were made together and fail one after another are one failure', () => {
  const first = rows([failedVM('default-0', 10)]);
  assert.equal(rows([failedVM('default-0', 10), failedVM('default-1', 5)], first), first);
});

test('one SKU and region says nothing of another', () => {
  const other = failedVM('default-0', 10, { status: { sku: 'Sim_l', region: 'east' } });
  assert.equal(rows([other]), [{ sku: 'Sim_l', region: 'local', available: true }]);
  assert.equal(rows([failedVM('default-0', 10, { status: { sku: 'Sim_xl' } })]), [{ sku: 'Sim_l', region: 'local', available: true }]);
});

test('a VM that failed before it was known where and as what counts for all it could have been', () => {
  const unknown = failedVM('default-0', 10, { spec: { region: 'local' } });
  const { region: _region, sku: _sku, ...status } = unknown.status ?? {};
  assert.equal(rows([{ ...unknown, status }], [], [offering('l'), offering('l', { region: 'east' })]), [
    wait(1, 50),
    { sku: 'Sim_l', region: 'east', available: true },
  ]);
  assert.equal(rows([{ ...failedVM('default-0', 10), status }]), [wait(1, 50)]);
});

test('a VM that was reached once is no failure to boot', () => {
  const vm = readyVM('default-0', {
    status: { conditions: failedVM('x').status?.conditions?.filter(({ type }) => type === 'Failed') ?? [] },
  });
  assert.equal(rows([vm]), [{ sku: 'Sim_l', region: 'local', available: true }]);
});

test('a VM that became ready since ends the back-off', () => {
  assert.equal(rows([readyVM('default-1', { meta: { creationTimestamp: ago(5) } })], [wait(2, 110)]), [
    { sku: 'Sim_l', region: 'local', available: true },
  ]);
  assert.equal(rows([readyVM('default-1', { meta: { creationTimestamp: ago(3600) } })], [wait(2, 110)]), [wait(2, 110)]);
});

test('is to be had again when its time has come', () => {
  assert.equal(rows([], [wait(1, 0)]), [wait(1, 0)]);
  assert.is(rows([], [wait(1, 0)])[0]?.available, true);
});

test('what the provider refuses stays its own word', () => {
  const refused = offering('l', { available: false, reason: 'QuotaExceeded' });
  assert.equal(rows([failedVM('default-0', 10)], [], [refused]), [
    { sku: 'Sim_l', region: 'local', available: false, reason: 'QuotaExceeded' },
  ]);
});

test.run();
