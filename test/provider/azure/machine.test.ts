// How a virtual machine of Azure fares, as the core is told.
import type { VirtualMachine } from '@azure/arm-compute';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { askedOf, type KnownOfMachine, machineOf as machineAt, refusalOf } from '../../../controller/provider/azure/machine.ts';
import type { Prices } from '../../../controller/provider/azure/prices.ts';
import { azureSays, facts } from './azure-said.ts';

const test = suite('azure provider: machines');

const ID = '/subscriptions/s/resourceGroups/berth-default/providers/Microsoft.Compute/virtualMachines/berth-0';
const vm = (more: Partial<VirtualMachine> = {}): VirtualMachine => ({
  id: ID,
  name: 'berth-0',
  location: 'West US 3',
  tags: { 'vm-uid': 'uid-0', 'created-at': '2026-01-01T11:59:00Z' },
  hardwareProfile: { vmSize: 'Standard_E16s_v5' },
  timeCreated: new Date('2026-01-01T12:00:00Z'),
  ...more,
});
const view = (...codes: readonly string[]): Pick<VirtualMachine, 'instanceView'> => ({
  instanceView: { statuses: codes.map((code) => ({ code, message: 'why' })) },
});
const machineOf = (of: VirtualMachine, known: KnownOfMachine, prices: Prices = new Map()) => machineAt(of, known, prices);
const HERE: KnownOfMachine = { address: '203.0.113.1' };
const stateOf = (of: Partial<VirtualMachine>, known: KnownOfMachine = HERE): string => {
  const machine = machineOf(vm(of), known);
  return [machine?.state, machine?.reason].filter(Boolean).join(' ');
};
const SUCCEEDED = { provisioningState: 'Succeeded' };
const FAILED = { provisioningState: 'Failed' };

test('a machine that runs says where, as what, since when, and what it costs', () => {
  const known = { address: '203.0.113.1', hostKey: 'ssh-ed25519 AAAA' };
  assert.equal(machineOf(vm({ ...SUCCEEDED, ...view('ProvisioningState/succeeded', 'PowerState/running') }), known), {
    id: ID,
    vmUID: 'uid-0',
    state: 'running',
    createdTime: '2026-01-01T12:00:00Z',
    region: 'westus3',
    sku: 'Standard_E16s_v5',
    hourlyUSD: '1.008',
    ...known,
  });
});

test('it costs what its kind was read to cost, as a Spot machine or a regular one as it was really made', () => {
  const prices: Prices = new Map([['Standard_E16s_v5 westus3', { regular: 20_000, spot: 3000 }]]);
  assert.equal([machineOf(vm(), {}, prices)?.hourlyUSD, machineOf(vm({ priority: 'Spot' }), {}, prices)?.hourlyUSD], ['2', '0.3']);
  assert.is(machineOf(vm({ priority: 'Spot' }), {})?.hourlyUSD, '1.008', 'a Spot price that is not known');
});

test('what Azure leaves out is left out', () => {
  const { timeCreated: _timeCreated, hardwareProfile: _hardwareProfile, ...bare } = vm();
  assert.equal(machineOf(bare, {}), { id: ID, vmUID: 'uid-0', state: 'creating', createdTime: '2026-01-01T11:59:00Z', region: 'westus3' });
  assert.is(machineOf({ ...bare, tags: { 'vm-uid': 'u' } }, {})?.createdTime, '1970-01-01T00:00:00Z');
  assert.is(machineOf(vm({ hardwareProfile: { vmSize: 'Standard_New' } }), {})?.hourlyUSD, undefined);
});

test('what was not made for a VM object is not a machine', () => {
  assert.is(machineOf(vm({ tags: { 'managed-by': 'berth' } }), HERE), undefined);
  const { id: _id, ...anonymous } = vm();
  assert.is(machineOf(anonymous, HERE), undefined);
});

const ROWS: readonly (readonly [when: string, of: Partial<VirtualMachine>, is: string])[] = [
  ['is being made', { provisioningState: 'Creating' }, 'creating'],
  ['is being made and runs already', { provisioningState: 'Creating', ...view('PowerState/running') }, 'running'],
  ['starts', { provisioningState: 'Updating', ...view('PowerState/starting') }, 'creating'],
  [
    'has an operation that failed, and runs',
    { ...FAILED, ...view('ProvisioningState/failed/OSProvisioningTimedOut', 'PowerState/running') },
    'running',
  ],
  ['could not be made', { ...FAILED, ...view('ProvisioningState/failed/AllocationFailed') }, 'failed AllocationFailed'],
  ['could not be made, nobody says why', FAILED, 'failed MachineFailed'],
  ['was given up', { provisioningState: 'Canceled' }, 'failed MachineFailed'],
  ['is shut down from inside', { ...SUCCEEDED, ...view('PowerState/stopped') }, 'stopped MachineStopped'],
  ['is on its way down: what runs there may still run', { ...SUCCEEDED, ...view('PowerState/stopping') }, 'running'],
  ['is being deallocated: what runs there may still run', { ...SUCCEEDED, ...view('PowerState/deallocating') }, 'running'],
  ['was deallocated by somebody', { ...SUCCEEDED, ...view('PowerState/deallocated') }, 'deallocated MachineStopped'],
  ['is Spot and was taken away', { ...SUCCEEDED, priority: 'Spot', ...view('PowerState/deallocated') }, 'deallocated SpotEvicted'],
  [
    'could not be started again',
    { ...FAILED, ...view('ProvisioningState/failed/AllocationFailed', 'PowerState/deallocated') },
    'stopped MachineStopped',
  ],
  ['is being deleted', { provisioningState: 'Deleting', ...view('PowerState/running') }, 'deleting'],
  ['says nothing of how it fares', SUCCEEDED, 'running'],
  ['says that it does not know how it fares', { ...SUCCEEDED, ...view('PowerState/unknown') }, 'running'],
  ['is changed, and says nothing of how it fares', { provisioningState: 'Updating' }, 'running'],
  ['says nothing at all', { instanceView: { statuses: [{}] } }, 'creating'],
];
for (const [when, of, is] of ROWS) {
  test(`a machine that ${when}: ${is}`, () => {
    assert.is(stateOf(of), is);
  });
}

test('one without an address is not yet to be reached', () => {
  assert.is(stateOf({ ...SUCCEEDED, ...view('PowerState/running') }, {}), 'creating');
});

test('what we asked for is no surprise', () => {
  assert.is(stateOf({ ...SUCCEEDED, ...view('PowerState/running') }, { ...HERE, asked: 'delete' }), 'deleting');
});

test('one that could not be started says why it was off, and why it still is', () => {
  const { message } = azureSays('allocation_failed');
  const statuses = [{ code: 'ProvisioningState/failed/AllocationFailed', message }, { code: 'PowerState/deallocated' }];
  assert.is(
    machineOf(vm({ ...FAILED, priority: 'Spot', instanceView: { statuses } }), {})?.message,
    'Azure took its Spot machine away; it could not be started again: Azure has no capacity left for Spot Standard_E16s_v5 in westus3; other SKUs and regions of the pool are tried',
  );
});

test('a failed one says why in the words that a refusal at once would have', () => {
  const { message } = azureSays('allocation_failed');
  const failed = vm({ ...FAILED, instanceView: { statuses: [{ code: 'ProvisioningState/failed/AllocationFailed', message }] } });
  assert.is(
    machineOf(failed, {})?.message,
    'Azure has no capacity left for Standard_E16s_v5 in westus3; other SKUs and regions of the pool are tried',
  );
  assert.is(
    machineOf(vm(FAILED), {})?.message,
    'Azure refuses Standard_E16s_v5 in westus3: Azure does not say why; other regions are tried',
  );
  const { hardwareProfile: _hardwareProfile, name: _name, ...bare } = vm(FAILED);
  assert.is(machineOf(bare, {})?.message, 'Azure refuses  in westus3: Azure does not say why; other regions are tried');
});

test('the refusal of a machine is that of its instance view', () => {
  assert.equal(refusalOf(vm(view('PowerState/running', 'ProvisioningState/failed/AllocationFailed'))), {
    phase: 'async',
    code: 'AllocationFailed',
    message: 'why',
  });
  assert.equal(refusalOf(vm(view('ProvisioningState/failed'))), { phase: 'async', message: 'why' });
  assert.equal(refusalOf(vm({ instanceView: { statuses: [{ code: 'ProvisioningState/failed' }] } })), { phase: 'async', message: '' });
  assert.is(refusalOf(vm(view('ProvisioningState/succeeded'))), undefined);
  assert.is(refusalOf(vm()), undefined);
});

test('what was asked for is read back from the resource', () => {
  const of = facts();
  const asked = askedOf(vm({ zones: ['2'], priority: 'Spot' }), of);
  assert.equal(asked, { name: 'berth-0', sku: 'Standard_E16s_v5', region: 'westus3', zone: '2', priority: 'Spot', facts: of });
  assert.equal(
    [askedOf(vm({ zones: ['9'], priority: 'Low' }), of).zone, askedOf(vm({ priority: 'Low' }), of).priority],
    [undefined, 'Regular'],
  );
});

test('never is a machine taken for lost while Azure says that it runs, starts or goes down', () => {
  const states = fc.constantFrom('Creating', 'Updating', 'Failed', 'Succeeded', 'Canceled', 'Migrating', undefined);
  const powers = fc.constantFrom('running', 'starting', 'stopping', 'deallocating');
  fc.assert(
    fc.property(states, powers, fc.boolean(), (provisioningState, power, hasAddress) => {
      const of = { ...(provisioningState === undefined ? {} : { provisioningState }), ...view(`PowerState/${power}`) };
      assert.ok(['running', 'creating'].includes(stateOf(of, hasAddress ? HERE : {})));
    }),
  );
});

test.run();
