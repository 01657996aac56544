import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { statusJSON, statusPicture } from '../../../cli/render/status.ts';
import { NOW, session, vm } from '../build.ts';

const test = suite('status');
const FIRST = 'amplihack-azureuser-20251202-084500';
const SECOND = 'amplihack-azureuser-20251202-090800';
const running = (count: number, on: string) => Array.from({ length: count }, (_, index) => session(`${on}-${index}`, { vm: on }));

test('paints the picture of three sessions on one VM', () => {
  assert.is(
    statusPicture([vm(FIRST)], running(3, FIRST), NOW),
    `=== Remote Session Pool Status ===

VMs: 1 total
  amplihack-azureuser-20251202-084500 (l, westus3)
    Sessions: 3/4 (75% capacity)
    Memory: 48GB/128GB used
    Age: 10m

Sessions: 3 total
  Running: 3
  Completed: 0
  Failed: 0

Total Capacity: 1/4 slots available
`,
  );
});

test('says FULL when no slot is left', () => {
  const text = statusPicture([vm(FIRST)], running(4, FIRST), NOW);
  assert.match(text, '    Sessions: 4/4 (100% capacity)\n    Memory: 64GB/128GB used\n');
  assert.match(text, /\nTotal Capacity: 0\/4 slots available \(FULL\)\n$/);
});

test('paints several VMs with a blank line between them', () => {
  assert.is(
    statusPicture([vm(SECOND, { created: '2025-12-02T08:30:00Z' }), vm(FIRST)], [...running(4, FIRST), ...running(1, SECOND)], NOW),
    `=== Remote Session Pool Status ===

VMs: 2 total
  amplihack-azureuser-20251202-084500 (l, westus3)
    Sessions: 4/4 (100% capacity)
    Memory: 64GB/128GB used
    Age: 10m

  amplihack-azureuser-20251202-090800 (l, westus3)
    Sessions: 1/4 (25% capacity)
    Memory: 16GB/128GB used
    Age: 2m

Sessions: 5 total
  Running: 5
  Completed: 0
  Failed: 0

Total Capacity: 3/8 slots available
`,
  );
});

test('shows pending and killed sessions only where there are some, and an empty pool as it is', () => {
  const sessions = [
    session('p', { phase: 'Pending' }),
    session('k', { phase: 'Killed', vm: FIRST }),
    session('f', { phase: 'Failed' }),
    session('c', { phase: 'Completed' }),
  ];
  assert.is(
    statusPicture([], sessions, NOW),
    `=== Remote Session Pool Status ===

VMs: 0 total

Sessions: 4 total
  Pending: 1
  Running: 0
  Completed: 1
  Failed: 1
  Killed: 1

Total Capacity: 0/0 slots available
`,
  );
});

test('counts memory by what the sessions ask for, and takes the size where the VM does not say', () => {
  const machine = vm('v', { spec: { size: 'm', slots: 2 }, status: { phase: 'Ready' } });
  const bare = { ...machine, status: { phase: 'Ready' as const } };
  const text = statusPicture([bare], [session('a', { vm: 'v', spec: { memoryMiB: 1536 } })], NOW);
  assert.match(text, '  v (m, unknown)\n    Sessions: 1/2 (50% capacity)\n    Memory: 1.5GB/64GB used\n');
});

test('gives no capacity where nothing new is placed, and says why', () => {
  const cases = [
    [vm('v', { spec: { cordoned: true } }), 'cordoned', 0],
    [vm('v', { status: { phase: 'Draining' } }), 'draining', 0],
    [vm('v', { status: { phase: 'Failed' } }), 'failed', 0],
    [vm('v', { status: { phase: 'Booting' } }), 'booting', 4],
    [vm('v', { spec: { cordoned: true }, status: { phase: 'Booting' } }), 'booting', 0],
    [{ ...vm('v'), status: {} }, 'creating', 4],
    [{ ...vm('v'), metadata: { ...vm('v').metadata, deletionTimestamp: '2025-12-02T08:30:00Z' } }, 'deleting', 0],
  ] as const;
  for (const [machine, state, available] of cases) {
    assert.match(statusPicture([machine], [], NOW), `    State: ${state}\n`);
    assert.is(statusJSON([machine], []).available_capacity, available, state);
  }
});

test('takes a VM without slots as one that is neither full nor free', () => {
  assert.match(statusPicture([vm('v', { spec: { slots: 0 } })], [], NOW), '    Sessions: 0/0 (0% capacity)\n');
});

test('sorts VMs made in the same second by their number', () => {
  const names = statusJSON([vm('default-10'), vm('default-2')], []).vms.map(({ name }) => name);
  assert.equal(names, ['default-2', 'default-10']);
});

test('gives the JSON of the tutorial with size_name, in order; what has ended takes no slot', () => {
  const machine = vm('amplihack-azureuser-20251202-083000', { status: { sku: 'Standard_D4s_v3' } });
  const sessions = [...running(2, machine.metadata.name), session('over', { vm: machine.metadata.name, phase: 'Completed' })];
  assert.is(
    JSON.stringify(statusJSON([machine], sessions), undefined, 2),
    `{
  "total_vms": 1,
  "total_capacity": 4,
  "active_sessions": 2,
  "available_capacity": 2,
  "vms": [
    {
      "name": "amplihack-azureuser-20251202-083000",
      "size": "Standard_D4s_v3",
      "size_name": "l",
      "region": "westus3",
      "capacity": 4,
      "active_sessions": 2,
      "available_capacity": 2
    }
  ]
}`,
  );
});

test('gives the size name where there is no SKU, and unknown where there is no region', () => {
  const [only] = statusJSON([{ ...vm('default-0'), status: { phase: 'Ready', slots: 3 } }], []).vms;
  assert.equal([only?.size, only?.region, only?.capacity], ['l', 'unknown', 3]);
  assert.is(statusJSON([{ ...vm('d', { spec: { region: 'eastus' } }), status: {} }], []).vms[0]?.region, 'eastus');
});

test('with -o wide: machine types and prices, as far as they are known', () => {
  const priced = { ...vm(FIRST), status: { ...vm(FIRST).status, sku: 'Standard_E16s_v5', hourlyUSD: '1.008' } };
  const text = statusPicture([priced, vm(SECOND)], [], NOW, true);
  assert.match(text, '    Age: 10m\n    Machine: Standard_E16s_v5\n    Price: $1.008/h\n');
  assert.match(text, '    Age: 10m\n    Price: unknown\n');
  assert.match(text, /\nTotal Price: \$1\.008\/h\n$/);
  assert.not.match(statusPicture([priced], [], NOW), 'Price');
});

test('gives prices as data, where they are known and there is something to pay', () => {
  const at = (hourlyUSD: string) => ({ ...vm(FIRST), status: { hourlyUSD } });
  const { vms } = statusJSON([at('1.008'), at('0'), vm(SECOND)], []);
  assert.equal(
    vms.map((one) => ('hourly_usd' in one ? one.hourly_usd : 'no price')),
    ['1.008', 'no price', 'no price'],
  );
});

test.run();
