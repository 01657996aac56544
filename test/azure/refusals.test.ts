// Every refusal that is known of Azure, told by the fake over https to the real SDKs: what the provider does about it, and what
// people read. At once (sync) to the PUT of a machine, or later (async) as the end of its operation.
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OperatorError } from '../../controller/api/error.ts';
import { type AzureWorld, openAzureWorld, untilMachine, vmOf } from './provider-world.ts';

const test = suite('azure: refusals');

const { signal } = new AbortController();
const fixtures = new URL('../fakes/azure/fixtures/errors.json', import.meta.url);
const told: readonly { readonly id: string; readonly phase: 'sync' | 'async' }[] = JSON.parse(readFileSync(fixtures, 'utf8')).errors;
const azure = { regions: ['westus3', 'eastus'], priority: 'Regular' as const };
let world: AzureWorld;

/** What was done about it: where the machine is made instead, or with which error it is left at that for now. */
const OUTCOMES: Readonly<Record<string, string>> = {
  quota_family: 'running westus3 Standard_E16as_v6',
  quota_regional: 'running eastus Standard_E16s_v5',
  quota_spot: 'running westus3 Standard_E16s_v5',
  quota_legacy_template: 'running eastus Standard_E16s_v5',
  sku_not_available: 'running westus3 Standard_E16as_v6',
  sku_not_available_capacity_restriction: 'running westus3 Standard_E16as_v6',
  sku_not_available_spot: 'running westus3 Standard_E16as_v6',
  allocation_failed: 'failed AllocationFailed',
  zonal_allocation_failed: 'failed ZonalAllocationFailed',
  overconstrained: 'failed OverconstrainedAllocationRequest',
  overconstrained_zonal: 'failed OverconstrainedZonalAllocationRequest',
  os_provisioning_timed_out: 'running',
  operation_preempted: 'failed OperationPreempted',
  conflicting_write: 'unavailable, again in 15 s',
  conflict: 'unavailable, again in 15 s',
  another_operation_network: 'unavailable, again in 15 s',
  property_change_not_allowed: 'unavailable',
  nic_reserved: 'unavailable, again in 180 s',
  size_vs_disk_controller: 'running westus3 Standard_E16as_v6',
  diskcontroller_param: 'running westus3 Standard_E16as_v6',
  authorization_failed: 'denied AccessDenied',
  subscription_read_only: 'denied SubscriptionUnusable',
  rg_not_found: 'denied NetworkMissing',
  resource_not_found: 'unavailable',
  network_not_found: 'unavailable',
  throttled_crp: 'unavailable, again in 1200 s',
  throttled_arm: 'unavailable, again in 60 s',
  expired_token: 'unavailable, again in 1 s',
  invalid_token: 'unavailable, again in 1 s',
  spot_price: 'running westus3 Standard_E16as_v6',
  spot_size: 'running westus3 Standard_E16as_v6',
  public_ip_limit: 'failed PublicIPCountLimitReached',
  subnet_full: 'failed SubnetIsFull',
};

test.before(async () => {
  world = await openAzureWorld({ speed: 10_000 });
});
test.after(async () => {
  await world.close();
});

for (const [index, { id, phase }] of told.entries()) {
  test(`${id} (${phase})`, async () => {
    const name = `r${index}`;
    const pool = world.poolOf(name, /spot/.test(id) ? { ...azure, priority: 'Spot' } : azure);
    const vm = vmOf(name, `${index.toString(16).padStart(8, '0')}-0000-4000-8000-000000000001`);
    const provider = world.open(pool);
    const fault = phase === 'sync' ? ({ kind: 'syncError', id } as const) : ({ kind: 'asyncError', id } as const);
    await world.control.rule({
      match: { type: 'Microsoft.Compute/virtualMachines', method: 'PUT', name: world.machine(vm) },
      fault,
      times: id === 'expired_token' || id === 'invalid_token' ? 2 : 1,
    });
    let outcome: string;
    let message = '';
    try {
      await provider.create(vm, pool, signal);
      const machine = await untilMachine(provider, pool, vm, OUTCOMES[id]?.startsWith('failed') ? 'failed' : 'running');
      const made = phase === 'sync' ? ` ${machine?.region} ${machine?.sku}` : '';
      outcome = `${machine?.state}${machine?.reason === undefined ? made : ` ${machine.reason}`}`;
      message = machine?.message ?? provider.offerings(pool).find(({ available }) => !available)?.message ?? '';
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      const again = error.retryAfterMs ? `, again in ${error.retryAfterMs / 1000} s` : '';
      outcome = `${error.code}${error.reason === undefined ? '' : ` ${error.reason}`}${again}`;
      message = error.message;
    }
    await world.control.clearRules();
    process.stdout.write(`\n    ${id.padEnd(40)} ${outcome}\n        ${message}`);
    assert.is(outcome, OUTCOMES[id]);
  });
}

test.run();
