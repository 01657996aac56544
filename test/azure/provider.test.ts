import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errorCode, OperatorError } from '../../controller/api/error.ts';
import type { VM } from '../../controller/api/types.generated.ts';
import type { Provider } from '../../controller/provider/provider.ts';
import { until } from '../fakes/until.ts';
import { type AzureWorld, groupOf, openAzureWorld, rowOf, untilMachine, vmOf } from './provider-world.ts';

const test = suite('azure provider');

const { signal } = new AbortController();
const VM_TYPE = 'Microsoft.Compute/virtualMachines';
let world: AzureWorld;
let count = 0;
/** A VM object and a pool of its own. */
const fresh = (azure: Parameters<AzureWorld['poolOf']>[1] = {}, spec: Partial<VM['spec']> = {}) => {
  const name = `p${++count}`;
  const uid = `${count.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
  const pool = world.poolOf(name, azure);
  const vm = vmOf(`${name}-0`, uid, spec);
  return { pool, vm, provider: world.open(pool), match: { type: VM_TYPE, method: 'PUT', name: world.machine(vm) } };
};
const failureOf = (doing: Promise<unknown>): Promise<unknown> =>
  doing.then(
    () => undefined,
    (error: unknown) => error,
  );
const refusal = (doing: Promise<unknown>): Promise<OperatorError> =>
  doing.then(
    () => {
      throw new Error('it was not refused');
    },
    (error: unknown) => {
      if (error instanceof OperatorError) return error;
      throw error;
    },
  );
/** As the core does: again and again, until it is made. */
const make = async (provider: Provider, vm: VM, pool: Parameters<Provider['create']>[1]): Promise<readonly string[]> => {
  const refusals: string[] = [];
  await until(async () => {
    try {
      await provider.create(vm, pool, signal);
      return true;
    } catch (error) {
      if (errorCode(error) !== 'unavailable') throw error;
      refusals.push(String(error));
      return false;
    }
  });
  return refusals;
};
const putsOf = async (vm: VM): Promise<number> =>
  (await world.requests()).filter(({ method, path }) => method === 'PUT' && path.endsWith(`/virtualMachines/${world.machine(vm)}`)).length;

test.before(async () => {
  world = await openAzureWorld();
});
test.after(async () => {
  await world.close();
});
test.after.each(async () => {
  await world.control.clearRules();
});

test('one request makes a machine with all its parts, and its end takes them with it', async () => {
  const { pool, vm, provider } = fresh();
  await provider.create(vm, pool, signal);
  const machine = await untilMachine(provider, pool, vm, 'running');
  assert.is(await putsOf(vm), 1);
  assert.is(machine?.sku, 'Standard_E16s_v5');
  assert.is(machine?.hourlyUSD, '1.008');
  const name = world.machine(vm);
  const parts = await world.left(pool);
  assert.equal(parts.filter((part) => part.includes(name)).length, 5, parts.join());
  assert.ok(machine);
  await provider.delete(machine, signal);
  await untilMachine(provider, pool, vm, 'gone');
  await until(async () => (await world.left(pool)).length === 0);
  for (let gone = false; !gone; )
    gone =
      (await provider.release?.(pool, signal).then(
        () => true,
        () => false,
      )) === true;
  assert.equal(
    (await world.control.resources()).filter(({ id }) => String(id).includes(groupOf(pool))),
    [],
  );
});

for (const kind of ['dropAfter', 'dropBefore', 'truncateBody', 'badJson'] as const) {
  test(`an answer that is lost (${kind}) makes no second machine`, async () => {
    const { pool, vm, provider, match } = fresh();
    await world.control.rule({ match, fault: { kind }, times: 2 });
    await make(provider, vm, pool);
    await untilMachine(provider, pool, vm, 'running');
    assert.equal(
      (await world.vms(pool)).map(({ name }) => name),
      [world.machine(vm)],
    );
  });
}

test('a machine made before a restart is taken over, not made again', async () => {
  const { pool, vm, provider } = fresh();
  await provider.create(vm, pool, signal);
  await world.open(pool).create(vm, pool, signal);
  assert.is(await putsOf(vm), 1);
  assert.is((await world.open(pool).list(pool, signal))[0]?.vmUID, vm.metadata.uid);
});

test('two controllers at once make one machine', async () => {
  const { pool, vm } = fresh();
  await Promise.all([make(world.open(pool), vm, pool), make(world.open(pool), vm, pool)]);
  assert.is((await world.vms(pool)).length, 1);
});

test('a machine of that name that somebody else made is left alone', async () => {
  const { pool, vm, provider } = fresh();
  await world.open(pool, { secret: 'ab'.repeat(32) }).create(vm, pool, signal);
  const error = await refusal(provider.create(vm, pool, signal));
  assert.is(error.code, 'denied');
  assert.match(error.message, 'was not made for this VM');
  assert.equal(await provider.list(pool, signal), []);
});

test('a region without quota is passed over in the same pass, and its offering says why and when it is tried again', async () => {
  const { pool, vm, provider } = fresh({ regions: ['westus3', 'eastus'] });
  await world.control.rule({
    match: { type: VM_TYPE, method: 'PUT', region: 'westus3' },
    fault: { kind: 'syncError', id: 'quota_regional' },
  });
  await provider.create(vm, pool, signal);
  assert.is((await untilMachine(provider, pool, vm, 'running'))?.region, 'eastus');
  const row = rowOf(provider.offerings(pool), 'Standard_E16s_v5', 'westus3');
  assert.equal([row?.available, row?.reason], [false, 'QuotaExceeded']);
  assert.ok(Date.parse(row?.retryTime ?? '') > Date.now());
  assert.is(rowOf(provider.offerings(pool), 'Standard_E16s_v5', 'eastus')?.available, true);
  assert.is(await putsOf(vm), 2);
  // A restart takes it over from the pool's status.
  const offerings = [
    { sku: 'Standard_E16s_v5', region: 'westus3', available: false, reason: 'QuotaExceeded', retryTime: row?.retryTime ?? '' },
  ];
  const restarted = world.open({ ...pool, status: { offerings } });
  assert.is(rowOf(restarted.offerings(pool), 'Standard_E16s_v5', 'westus3')?.available, false);
});

test('quotas are looked at before anything is asked for', async () => {
  const { pool, vm, provider } = fresh({ regions: ['northeurope', 'eastus2'] });
  await world.control.tell({ kind: 'quota', region: 'northeurope', of: 'cores', limit: 8 });
  await provider.create(vm, pool, signal);
  assert.is((await provider.list(pool, signal))[0]?.region, 'eastus2');
  assert.is(await putsOf(vm), 1);
});

test('where no region has quota left people are told the numbers', async () => {
  const { pool, vm, provider } = fresh({ regions: ['centralus'] });
  await world.control.tell({ kind: 'quota', region: 'centralus', of: 'cores', limit: 8 });
  const error = await refusal(provider.create(vm, pool, signal));
  assert.is(error.code, 'quota', error.message);
  assert.match(error.message, /Azure quota exceeded in region centralus/);
  assert.equal(await world.vms(pool), []);
});

test('a machine that Azure could not place after all has failed, and what it was is not asked for again at once', async () => {
  const { pool, vm, provider, match } = fresh();
  await world.control.rule({ match, fault: { kind: 'asyncError', id: 'allocation_failed' }, times: 1 });
  await provider.create(vm, pool, signal);
  const machine = await untilMachine(provider, pool, vm, 'failed');
  assert.is(machine?.reason, 'AllocationFailed');
  const row = rowOf(provider.offerings(pool), 'Standard_E16s_v5', 'westus3');
  assert.equal([row?.available, row?.reason], [false, 'SKUNotAvailable']);
  const next = vmOf('next', 'ffffffff-ff00-4000-8000-000000000000');
  await provider.create(next, pool, signal);
  assert.is((await untilMachine(provider, pool, next, 'running'))?.sku, 'Standard_E16as_v6');
});

test('nothing is sent before Azure wants to hear of us again', async () => {
  const { pool, vm, provider } = fresh({ regions: ['westeurope'] });
  await world.control.rule({
    match: { type: VM_TYPE, method: 'PUT', region: 'westeurope' },
    fault: { kind: 'throttle', retryAfter: 2 },
    times: 1,
  });
  const error = await refusal(provider.create(vm, pool, signal));
  assert.is(error.code, 'unavailable');
  assert.ok((error.retryAfterMs ?? 0) > 1_500, String(error.retryAfterMs));
  const throttled = (await world.requests()).findLast(({ status }) => status === 429);
  const again = await refusal(provider.create(vm, pool, signal));
  assert.match(again.message, /throttle/i);
  await make(provider, vm, pool);
  const next = (await world.requests(throttled?.number)).find(({ path }) => path.includes(world.machine(vm)));
  assert.ok((next?.real ?? 0) - (throttled?.real ?? 0) >= 2_000, `${(next?.real ?? 0) - (throttled?.real ?? 0)}`);
});

test('a Spot machine that is taken away says so, whether it is kept or gone', async () => {
  for (const evictionPolicy of ['Deallocate', 'Delete'] as const) {
    const { pool, vm, provider } = fresh({ priority: 'Spot', evictionPolicy });
    await provider.create(vm, pool, signal);
    await untilMachine(provider, pool, vm, 'running');
    await world.control.tell({ kind: 'evict', name: world.machine(vm), noticeMs: 0 });
    const machine = await untilMachine(provider, pool, vm, evictionPolicy === 'Delete' ? 'failed' : 'deallocated');
    assert.is(machine?.reason, 'SpotEvicted');
    assert.ok(machine);
    await provider.delete(machine, signal);
    await untilMachine(provider, pool, vm, 'gone');
    await until(async () => (await world.left(pool)).length === 0);
  }
});

test('a deallocated machine is started with its disk; where there is no room left, Azure’s words are the answer', async () => {
  const { pool, vm, provider } = fresh({ priority: 'Spot', evictionPolicy: 'Deallocate' });
  await provider.create(vm, pool, signal);
  const before = await untilMachine(provider, pool, vm, 'running');
  await world.control.tell({ kind: 'evict', name: world.machine(vm), noticeMs: 0 });
  const off = await untilMachine(provider, pool, vm, 'deallocated');
  assert.ok(off && before && provider.start);
  const match = { type: 'Microsoft.Compute/virtualMachines', method: 'POST', name: world.machine(vm) };
  await world.control.rule({ match, fault: { kind: 'syncError', id: 'allocation_failed' }, times: 1 });
  const refused = await refusal(provider.start(off, signal));
  assert.is(refused.code, 'quota');
  assert.match(refused.message, /can not be started: Azure has no capacity left for [^;]+$/);
  await world.control.rule({ match, fault: { kind: 'syncError', status: 409, code: 'Conflict', message: 'Another operation.' }, times: 1 });
  assert.is((await refusal(provider.start(off, signal))).code, 'unavailable');
  await provider.start(off, signal);
  // Whatever listing was made a moment ago: the answer counts.
  const [started] = await provider.list(pool, signal);
  assert.ok(started && started.state !== 'deallocated', started?.state);
  const after = await untilMachine(provider, pool, vm, 'running');
  assert.equal([after?.id, after?.address], [before.id, before.address]);
  await provider.delete(off, signal);
  await untilMachine(provider, pool, vm, 'gone');
});

test('a machine deleted in the portal is gone, and one shut down from inside is stopped', async () => {
  const { pool, vm, provider } = fresh();
  await provider.create(vm, pool, signal);
  await untilMachine(provider, pool, vm, 'running');
  await world.control.tell({ kind: 'vmStop', name: world.machine(vm) });
  assert.is((await untilMachine(provider, pool, vm, 'stopped'))?.reason, 'MachineStopped');
  await world.control.tell({ kind: 'vmVanish', name: world.machine(vm), children: true });
  await untilMachine(provider, pool, vm, 'gone');
});

test('the sweep deletes machines without a VM object and what they left, and nothing that is not ours', async () => {
  const { pool, vm } = fresh();
  const provider = world.open(pool, { graceMs: 0 });
  const group = groupOf(pool);
  await provider.create(vm, pool, signal);
  await untilMachine(provider, pool, vm, 'running');
  const others = {
    'managed-by': 'berth',
    'installation-id': 'another',
    'pool-uid': pool.metadata.uid,
    'vm-uid': 'x',
    'created-at': '2020-01-01T00:00:00Z',
  };
  await world.control.tell({
    kind: 'foreign',
    group,
    name: 'theirs',
    type: 'Microsoft.Network/networkInterfaces',
    region: 'westus3',
    tags: others,
  });
  await world.control.tell({ kind: 'foreign', group, name: 'untagged', type: 'Microsoft.Network/publicIPAddresses', region: 'westus3' });
  const { 'installation-id': id = '' } = (await world.vms(pool))[0]?.tags ?? {};
  const left = { ...others, 'installation-id': id, 'vm-uid': 'gone-long-ago' };
  await world.control.tell({
    kind: 'foreign',
    group,
    name: 'left-behind',
    type: 'Microsoft.Network/networkInterfaces',
    region: 'westus3',
    tags: left,
  });
  const from = (await world.requests()).at(-1)?.number ?? 0;
  await provider.sweep?.(pool, async () => new Set([vm.metadata.uid]), signal);
  await until(async () => !(await world.left(pool)).includes('networkInterfaces/left-behind'));
  assert.is((await world.vms(pool)).length, 1);
  // Young as it is, nobody may own it yet.
  await world.open(pool, { graceMs: 60_000 }).sweep?.(pool, async () => new Set(), signal);
  assert.is((await world.vms(pool)).length, 1);
  await provider.sweep?.(pool, async () => new Set(), signal);
  await until(async () => (await world.left(pool)).length === 2);
  assert.equal((await world.left(pool)).toSorted(), ['networkInterfaces/theirs', 'publicIPAddresses/untagged']);
  const deleted = (await world.requests(from)).filter(({ method }) => method === 'DELETE').map(({ path }) => path.split('/').at(-1));
  assert.equal([...new Set(deleted)].toSorted(), [world.machine(vm), `shutdown-computevm-${world.machine(vm)}`, 'left-behind'].toSorted());
});

test('what is still being made when it is asked for again is not made twice, and its end is asked for once', async () => {
  const { pool, vm, provider } = fresh();
  await provider.create(vm, pool, signal);
  await provider.create(vm, pool, signal);
  const [machine] = await provider.list(pool, signal);
  assert.ok(machine);
  await provider.delete(machine, signal);
  assert.is((await provider.list(pool, signal))[0]?.state ?? 'gone', 'deleting');
  await untilMachine(provider, pool, vm, 'gone');
  await provider.delete(machine, signal);
});

test('a token that has run out is fetched anew, without a word', async () => {
  const { pool, provider } = fresh();
  await provider.list(pool, signal);
  await world.control.tell({ kind: 'tokenExpire' });
  await until(() => provider.list(pool, signal).then(() => true));
});

test('rights that are taken away stop all, with the action that is missing, until they are given back', async () => {
  const { pool, vm, provider } = fresh();
  const action = 'Microsoft.Compute/virtualMachines/write';
  await world.control.tell({ kind: 'rbacDeny', action });
  const error = await refusal(provider.create(vm, pool, signal));
  assert.is(error.code, 'denied');
  assert.match(error.message, action);
  assert.throws(() => provider.offerings(pool), new RegExp(action));
  await world.control.tell({ kind: 'rbacDeny', action, off: true });
});

test('a login that Entra refuses is explained', async () => {
  const { pool } = fresh();
  await world.control.tell({ kind: 'entra', code: 'AADSTS7000222' });
  const error = await refusal(world.open(pool).list(pool, signal));
  await world.control.tell({ kind: 'entra' });
  assert.is(error.code, 'denied');
  assert.match(error.message, /AADSTS7000222|secret/);
});

test('parts made one by one serve as well, and go with their machine', async () => {
  const { pool, vm, provider } = fresh({ network: { mode: 'Explicit', allowSSHFrom: ['127.0.0.1/32'] } });
  await provider.create(vm, pool, signal);
  const machine = await untilMachine(provider, pool, vm, 'running');
  assert.ok(machine?.address);
  assert.ok(machine);
  await provider.delete(machine, signal);
  await untilMachine(provider, pool, vm, 'gone');
  await until(async () => (await world.left(pool)).length === 0);
});

test('machines without an address of their own have a way out that goes with the pool', async () => {
  const { pool, vm, provider } = fresh({ network: { publicIP: false } });
  await provider.create(vm, pool, signal);
  const machine = await untilMachine(provider, pool, vm, 'running');
  assert.match(machine?.address ?? '', /^10\.128\./);
  assert.ok((await world.left(pool)).some((part) => part.startsWith('natGateways/')));
  assert.ok(machine);
  await provider.delete(machine, signal);
  await untilMachine(provider, pool, vm, 'gone');
  await until(
    () =>
      provider.release?.(pool, signal).then(
        () => true,
        () => false,
      ) ?? true,
  );
  assert.equal(await world.left(pool), []);
});

test('a network that an earlier pool left is taken over, and goes with this one', async () => {
  const { pool, vm, provider } = fresh();
  await provider.create(vm, pool, signal);
  const later = { ...pool, metadata: { ...pool.metadata, uid: 'uid-of-a-later-one' } };
  const successor = world.open(later);
  const next = vmOf('later-0', 'eeeeeeee-ee00-4000-8000-000000000000');
  await successor.create(next, later, signal);
  for (const [one, its, machineOf] of [
    [provider, pool, vm],
    [successor, later, next],
  ] as const) {
    const machine = await untilMachine(one, its, machineOf, 'running');
    assert.ok(machine);
    await one.delete(machine, signal);
    await untilMachine(one, its, machineOf, 'gone');
  }
  const released = (one: Provider, its: typeof pool) =>
    until(
      () =>
        one.release?.(its, signal).then(
          () => true,
          () => false,
        ) ?? true,
    );
  await released(provider, pool);
  assert.ok((await world.control.resources()).some(({ id }) => String(id).includes(groupOf(pool))));
  await released(successor, later);
  assert.not.ok((await world.control.resources()).some(({ id }) => String(id).includes(groupOf(pool))));
});

test('a deletion that may not be forced is asked for without force', async () => {
  const { pool, vm, provider, match } = fresh();
  await provider.create(vm, pool, signal);
  const machine = await untilMachine(provider, pool, vm, 'running');
  assert.ok(machine);
  const told = { kind: 'syncError', status: 409, code: 'OperationNotAllowed', message: 'not by force' } as const;
  await world.control.rule({ match: { ...match, method: 'DELETE' }, fault: told, times: 1 });
  await provider.delete(machine, signal);
  await untilMachine(provider, pool, vm, 'gone');
  await world.control.rule({ match: { ...match, method: 'DELETE' }, fault: { kind: 'http5xx', status: 500 }, times: 2 });
  assert.is((await refusal(provider.delete(machine, signal))).code, 'unavailable');
});

test('of a resource group that does not exist there is nothing to list, to sweep or to remove', async () => {
  const { pool, provider } = fresh();
  assert.equal(await provider.list(pool, signal), []);
  await provider.sweep?.(pool, async () => new Set(), signal);
  await provider.release?.(pool, signal);
});

test('a network that was deleted elsewhere is made again', async () => {
  const { pool, vm, provider } = fresh();
  await provider.create(vm, pool, signal);
  await untilMachine(provider, pool, vm, 'running');
  await world.control.tell({ kind: 'rgDelete', group: groupOf(pool) });
  await until(async () => !(await world.control.resources()).some(({ id }) => String(id).includes(groupOf(pool))), 'the end of the group');
  const next = vmOf('again', 'dddddddd-dd00-4000-8000-000000000000');
  await provider.create(next, pool, signal);
  await untilMachine(provider, pool, next, 'running');
});

test('who only looks asks nothing of Azure', async () => {
  const { pool } = fresh();
  const from = (await world.requests()).at(-1)?.number ?? 0;
  const looking = world.look(pool);
  assert.is(looking.offerings(pool)[0]?.hourlyUSD, '1.008');
  assert.match(String(await failureOf(looking.list(pool, signal))), 'only looks');
  assert.is((await world.requests(from)).length, 0);
});

test('hosts keys are known before there is a machine', async () => {
  const { pool, vm } = fresh();
  const [first, again] = await Promise.all([world.open(pool).hostKey?.(vm), world.open(pool).hostKey?.(vm)]);
  assert.is(first, again);
  assert.match(first ?? '', /^ssh-ed25519 \S+\nssh-ed25519 \S+$/);
});

test("says that a machine without an identity can't turn itself off", () => {
  const { pool, provider } = fresh();
  assert.equal(
    provider.conditions?.(pool).map(({ type, status }) => `${type}=${status}`),
    ['DeadMansSwitch=False'],
  );
  const identity = { userAssignedId: '/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i' };
  const other = fresh({ identity });
  assert.equal(
    other.provider.conditions?.(other.pool).map(({ status }) => status),
    ['True'],
  );
});

test.run();
