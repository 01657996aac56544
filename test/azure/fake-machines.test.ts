// The fake's virtual machines as the real SDKs see them, over https: from the PUT to the last thing that belonged to one.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../fakes/until.ts';
import { createFakeWorld, FAST, type FakeWorld, RG } from './fake-world.ts';

const test = suite('fake Azure: virtual machines');
let world: FakeWorld;

test.before(async () => {
  world = await createFakeWorld();
});
test.after(() => world.fake.stop());
test.before.each(async () => {
  const { control } = world.fake;
  await control.clearRules();
  for await (const vm of world.compute.virtualMachines.list(RG))
    await world.compute.virtualMachines.delete(RG, vm.name ?? '', { ...FAST, forceDeletion: true });
  await until(
    async () =>
      (await control.resources()).every(
        ({ id }) => !/disks|networkInterfaces|publicIPAddresses/.test(String(id)) || /theirs/.test(String(id)),
      ),
    'an empty group',
  );
});

const refusal = async (
  work: Promise<unknown>,
): Promise<{ readonly code: string; readonly statusCode: number; readonly message: string }> => {
  try {
    await work;
  } catch (error) {
    return error as { code: string; statusCode: number; message: string };
  }
  throw new Error('it was not refused');
};
const power = async (name: string): Promise<string | undefined> =>
  (await world.compute.virtualMachines.instanceView(RG, name)).statuses?.find(({ code }) => code?.startsWith('PowerState'))?.code;
const collect = async <Item>(items: AsyncIterable<Item>): Promise<Item[]> => {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
};

test('makes a machine with its interface, address and disk by one PUT, and takes all of it away again', async () => {
  const { compute, network, fake } = world;
  const vm = await compute.virtualMachines.createOrUpdate(RG, 'one', world.body('one'), { ...FAST, ifNoneMatch: '*' });
  assert.is(vm.provisioningState, 'Succeeded');
  assert.is(vm.osProfile?.customData, undefined);
  const nicId = vm.networkProfile?.networkInterfaces?.[0]?.id ?? '';
  assert.match(nicId, /one-nic-[0-9a-f]{8}$/);
  const nic = await network.networkInterfaces.get(RG, nicId.split('/').at(-1) ?? '', { expand: 'ipConfigurations/publicIPAddress' });
  assert.match(nic.ipConfigurations?.[0]?.publicIPAddress?.ipAddress ?? '', /^127\./);
  assert.equal(nic.tags, { owner: 'us' });
  const view = await compute.virtualMachines.instanceView(RG, 'ONE');
  assert.equal(
    view.statuses?.map(({ code }) => code),
    ['ProvisioningState/succeeded', 'PowerState/running'],
  );
  assert.equal((await compute.disks.get(RG, 'one-os')).tags, { owner: 'us', name: 'one' });
  assert.is((await fake.control.bill()).running, 1);

  await compute.virtualMachines.delete(RG, 'one', { ...FAST, forceDeletion: true });
  await until(async () => (await fake.control.resources()).every(({ id }) => !/one/.test(String(id))), 'the end of what belonged to it');
  assert.is((await fake.control.bill()).running, 0);
  assert.is((await fake.control.requests()).filter(({ method, path }) => method === 'PUT' && path.endsWith('/one')).length, 1);
});

test('keeps what is to be detached, and takes an interface that was made beforehand', async () => {
  const { compute, network } = world;
  const pip = await network.publicIPAddresses.createOrUpdate(
    RG,
    'ip',
    { location: 'westus3', sku: { name: 'Standard' }, publicIPAllocationMethod: 'Static' },
    FAST,
  );
  const nic = await network.networkInterfaces.createOrUpdate(
    RG,
    'nic',
    { location: 'westus3', ipConfigurations: [{ name: 'ip0', subnet: { id: world.subnetId }, publicIPAddress: { id: pip.id ?? '' } }] },
    FAST,
  );
  await world.create('two', { networkProfile: { networkInterfaces: [{ id: nic.id ?? '', deleteOption: 'Detach' }] } });
  assert.is((await refusal(network.networkInterfaces.delete(RG, 'nic', FAST))).code, 'NicInUse');
  assert.is((await refusal(world.create('three', { networkProfile: { networkInterfaces: [{ id: nic.id ?? '' }] } }))).code, 'NicInUse');
  await compute.virtualMachines.delete(RG, 'two', FAST);
  await until(async () => (await collect(compute.disks.listByResourceGroup(RG))).length === 0);
  assert.is((await network.networkInterfaces.get(RG, 'nic')).virtualMachine, undefined);
  assert.is((await refusal(network.publicIPAddresses.delete(RG, 'ip', FAST))).code, 'PublicIPAddressCannotBeDeleted');
  await network.networkInterfaces.delete(RG, 'nic', FAST);
  await network.publicIPAddresses.delete(RG, 'ip', FAST);
});

test('keeps an interface that was made beforehand for a machine that failed, for three minutes', async () => {
  const { network, fake } = world;
  const make = { location: 'westus3', ipConfigurations: [{ name: 'ip0', subnet: { id: world.subnetId } }] };
  const nic = await network.networkInterfaces.createOrUpdate(RG, 'kept-nic', make, FAST);
  const explicit = { networkProfile: { networkInterfaces: [{ id: nic.id ?? '', deleteOption: 'Delete' }] } };
  await fake.control.rule({ match: { method: 'PUT', name: '^fails$' }, fault: { kind: 'asyncError', id: 'allocation_failed' }, times: 1 });
  assert.match((await refusal(world.create('fails', explicit))).message, /AllocationFailed/);
  assert.match(
    (await refusal(world.create('other', explicit))).message,
    /^Nic\(s\) in request is reserved .* 180 seconds.*virtualMachines\/fails$/,
  );
  assert.is((await refusal(network.networkInterfaces.delete(RG, 'kept-nic', FAST))).code, 'NicReservedForAnotherVm');
  await fake.control.advance(181_000);
  await world.create('other', explicit);
});

test('refuses a PUT before it makes anything: body, names, quota, restriction, group, subnet', async () => {
  const { compute, fake, body } = world;
  const put = (more: object, name = 'bad') => refusal(compute.virtualMachines.createOrUpdate(RG, name, { ...body(name), ...more }, FAST));
  const profile = body('bad').osProfile ?? {};
  assert.is((await put({ hardwareProfile: { vmSize: 'Standard_Nope' } })).code, 'InvalidParameter');
  assert.is((await put({ osProfile: { ...profile, customData: '#!' } })).code, 'InvalidParameter');
  assert.is((await put({ osProfile: { ...profile, customData: Buffer.alloc(65_536).toString('base64') } })).code, 'InvalidParameter');
  assert.is((await put({ osProfile: { ...profile, linuxConfiguration: {} } })).code, 'InvalidParameter');
  assert.is((await put({ evictionPolicy: 'Delete' })).code, 'InvalidParameter');
  assert.is((await put({ networkProfile: { ...body('bad').networkProfile, networkApiVersion: undefined } })).code, 'InvalidParameter');
  assert.is(
    (await put({ hardwareProfile: { vmSize: 'Standard_D8s_v6' } })).message.slice(0, 61),
    "The VM size 'Standard_D8s_v6' cannot boot with OS image or di",
  );
  assert.is((await put({ location: 'mars' })).code, 'LocationNotAvailableForResourceType');
  assert.is((await refusal(compute.virtualMachines.createOrUpdate('nowhere', 'x', body('x')))).code, 'ResourceGroupNotFound');
  const lost = JSON.parse(JSON.stringify(body('bad')).replaceAll('/default', '/gone'));
  assert.equal([(await put(lost)).statusCode, (await put(lost)).code], [404, 'NotFound']);

  await fake.control.tell({ kind: 'quota', region: 'westus3', of: 'cores', limit: 10 });
  assert.is(
    (await put({})).message,
    'Operation could not be completed as it results in exceeding approved Total Regional Cores quota. Additional details - Deployment Model: Resource Manager, Location: westus3, Current Limit: 10, Current Usage: 0, Additional Required: 16, (Minimum) New Limit Required: 16.',
  );
  await fake.control.tell({ kind: 'quota', region: 'westus3', of: 'cores', limit: 100 });
  await fake.control.tell({ kind: 'quota', region: 'westus3', of: 'standardESv5Family', limit: 8 });
  assert.match(
    (await put({})).message,
    /exceeding approved standardESv5Family Cores quota.*Current Limit: 8, Current Usage: 0, Additional Required: 16/,
  );
  await fake.control.tell({ kind: 'quota', region: 'westus3', of: 'standardESv5Family', limit: 100 });
  await fake.control.tell({ kind: 'quota', region: 'westus3', of: 'lowPriorityCores', limit: 3 });
  assert.match((await put({ priority: 'Spot' })).message, /LowPriorityCores quota/);
  await fake.control.tell({ kind: 'restrict', region: 'westus3', size: 'Standard_E16s_v5' });
  assert.equal([(await put({})).code, (await put({})).statusCode], ['SkuNotAvailable', 409]);
  const skus = await collect(compute.resourceSkus.list({ filter: "location eq 'West US 3'" }));
  assert.is(skus.find(({ name }) => name === 'Standard_E16s_v5')?.restrictions?.[0]?.type, 'Location');
  await fake.control.tell({ kind: 'restrict', region: 'westus3', size: 'Standard_E16s_v5', off: true });
  assert.equal(await collect(compute.virtualMachines.list(RG)), []);
});

test('knows what a second PUT may change, and refuses a write while another is under way', async () => {
  const { compute, body, fake } = world;
  await world.create('again');
  assert.is((await refusal(world.create('again'))).statusCode, 412);
  const other = body('again', {}, '#cloud-config\n# other\n');
  const changed = await refusal(compute.virtualMachines.createOrUpdate(RG, 'again', other, FAST));
  assert.equal([changed.code, changed.statusCode], ['PropertyChangeNotAllowed', 409]);
  assert.is(
    (await refusal(compute.virtualMachines.createOrUpdate(RG, 'again', { ...body('again'), zones: ['2'] }, FAST))).code,
    'PropertyChangeNotAllowed',
  );
  await compute.virtualMachines.update(RG, 'again', { tags: { new: 'tag' } }, FAST);
  assert.equal((await compute.virtualMachines.get(RG, 'again')).tags, { new: 'tag' });

  await fake.control.settings({ speed: 1 });
  const slow = compute.virtualMachines.deallocate(RG, 'again', FAST);
  await slow.submitted();
  assert.is((await refusal(compute.virtualMachines.start(RG, 'again', FAST))).code, 'Conflict');
  await fake.control.settings({ speed: 1_000 });
  await compute.virtualMachines.delete(RG, 'again', FAST);
  assert.match((await refusal(slow.pollUntilDone())).message, /OperationPreempted/);
});

test('bills and counts what is allocated: stopped is, deallocated is not', async () => {
  const { compute, fake } = world;
  const cores = async (): Promise<number | undefined> =>
    (await collect(compute.usage.list('westus3'))).find(({ name }) => name?.value === 'cores')?.currentValue;
  await world.create('power');
  assert.is(await cores(), 16);
  await compute.virtualMachines.powerOff(RG, 'power', FAST);
  assert.equal([await power('power'), await cores(), (await fake.control.bill()).running], ['PowerState/stopped', 16, 1]);
  await compute.virtualMachines.deallocate(RG, 'power', FAST);
  assert.equal([await power('power'), await cores(), (await fake.control.bill()).running], ['PowerState/deallocated', 0, 0]);
  const before = (await fake.control.bill()).usd;
  await compute.virtualMachines.start(RG, 'power', FAST);
  await fake.control.advance(3_600_000);
  const { usd, usdPerHour, rows } = await fake.control.bill();
  assert.is(usdPerHour, 1.008);
  assert.ok(Math.abs(usd - before - 1.008) < 0.01, `${usd - before} for an hour of ${rows.at(-1)?.size}`);
});

test('fails an allocation at the end, keeps the machine as failed, and frees its quota', async () => {
  const { compute, fake } = world;
  await fake.control.tell({ kind: 'capacity', region: 'westus3', size: 'Standard_E16s_v5', left: 1 });
  await world.create('first');
  assert.match(
    (await refusal(world.create('second'))).message,
    /^The long-running operation has failed. AllocationFailed. Allocation failed/,
  );
  const vm = await compute.virtualMachines.get(RG, 'second', { expand: 'instanceView' });
  assert.is(vm.provisioningState, 'Failed');
  assert.equal(
    vm.instanceView?.statuses?.map(({ code }) => code),
    ['ProvisioningState/failed/AllocationFailed'],
  );
  const family = (await collect(compute.usage.list('westus3'))).find(({ name }) => name?.value === 'standardESv5Family');
  assert.is(family?.currentValue, 16);
  assert.match((await refusal(world.create('zonal', { zones: ['1'] }))).message, /ZonalAllocationFailed/);
  const spot = await refusal(world.create('spot', { priority: 'Spot' }));
  assert.is(spot.code === 'SkuNotAvailable' || spot.code === 'OperationNotAllowed', true);
  await fake.control.tell({ kind: 'capacity', region: 'westus3', size: 'Standard_E16s_v5', left: 1_000 });
});

test('evicts spot machines as their policy says, with or without a notice', async () => {
  const { compute, fake } = world;
  await fake.control.tell({ kind: 'quota', region: 'westus3', of: 'lowPriorityCores', limit: 1_000 });
  await world.create('kept', { priority: 'Spot', evictionPolicy: 'Deallocate', billingProfile: { maxPrice: -1 } });
  await world.create('lost', { priority: 'Spot', evictionPolicy: 'Delete' });
  const vmId = (await fake.control.vms()).find(({ name }) => name === 'lost')?.vmId;
  await fake.control.tell({ kind: 'evict', name: 'lost', noticeMs: 30_000 });
  const told = await fetch(`${fake.control.url}/imds/${vmId}/metadata/scheduledevents`, { headers: { Metadata: 'true' } });
  assert.is(((await told.json()) as { Events: { EventType: string }[] }).Events[0]?.EventType, 'Preempt');
  await compute.virtualMachines.simulateEviction(RG, 'kept');
  assert.is(await power('kept'), 'PowerState/deallocated');
  await fake.control.advance(30_000);
  assert.is((await refusal(compute.virtualMachines.get(RG, 'lost'))).statusCode, 404);
});

test('lists by page, by group, subscription and place, with states alone where asked', async () => {
  const { compute, resources, fake } = world;
  await fake.control.settings({ pageSize: 2 });
  await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => world.create(name)));
  const names = (vms: readonly { readonly name?: string | undefined }[]): readonly unknown[] => vms.map(({ name }) => name);
  const all = ['a', 'b', 'c', 'd', 'e'];
  assert.equal(names(await collect(compute.virtualMachines.list(RG.toUpperCase()))), all);
  assert.equal(names(await collect(compute.virtualMachines.listAll())), all);
  assert.equal(names(await collect(compute.virtualMachines.listByLocation('West US 3'))), all);
  const states = await collect(compute.virtualMachines.listAll({ statusOnly: 'true' }));
  assert.equal([states[0]?.instanceView?.statuses?.at(-1)?.code, states[0]?.tags], ['PowerState/running', undefined]);
  const expanded = await collect(compute.virtualMachines.list(RG, { expand: 'instanceView' }));
  assert.is(expanded[4]?.instanceView?.statuses?.length, 2);
  await fake.control.tell({ kind: 'foreign', group: RG, name: 'theirs', tags: { owner: 'them' } });
  const ours = await collect(resources.resources.listByResourceGroup(RG, { filter: "tagName eq 'owner' and tagValue eq 'us'" }));
  assert.is(ours.length, 20);
  assert.is(ours[0]?.tags, undefined);
  const disks = await collect(resources.resources.list({ filter: "resourceType eq 'Microsoft.Compute/disks'", expand: 'createdTime' }));
  assert.is(disks.length, 6);
  assert.ok(disks[0]?.createdTime instanceof Date);
  await resources.resources.deleteById(disks.find(({ name }) => name === 'theirs')?.id ?? '', '2026-03-02', FAST);
  await fake.control.settings({ pageSize: 100 });
});

test('shuts down by the schedule of the day, and shows the log of the boot', async () => {
  const { compute, resources, fake } = world;
  await world.create('daily', { diagnosticsProfile: { bootDiagnostics: { enabled: true } } });
  const { id } = await compute.virtualMachines.get(RG, 'daily');
  const time = new Date((await fake.control.now()) + 3_600_000).toISOString().slice(11, 16).replace(':', '');
  await resources.resources.createOrUpdateById(
    `/subscriptions/${fake.subscription}/resourceGroups/${RG}/providers/Microsoft.DevTestLab/schedules/shutdown-computevm-daily`,
    '2018-09-15',
    {
      location: 'westus3',
      properties: {
        status: 'Enabled',
        taskType: 'ComputeVmShutdownTask',
        dailyRecurrence: { time },
        timeZoneId: 'UTC',
        targetResourceId: id,
      },
    },
    FAST,
  );
  await fake.control.advance(3_540_000 - 60_000);
  assert.is(await power('daily'), 'PowerState/running');
  await fake.control.advance(180_000);
  await until(async () => (await power('daily')) === 'PowerState/deallocated');
  const { serialConsoleLogBlobUri } = await compute.virtualMachines.retrieveBootDiagnosticsData(RG, 'daily');
  assert.match(serialConsoleLogBlobUri ?? '', /serialconsole.log\?sig=/);
});

test('answers what is only read, and removes a group with all that is in it', async () => {
  const { compute, network, resources, fake } = world;
  const group = await resources.resourceGroups.get(RG.toUpperCase());
  assert.equal([group.location, group.tags], ['westus3', { a: 'b' }]);
  assert.equal((await resources.resourceGroups.checkExistence('nope')) as unknown, { body: false });
  assert.is((await compute.virtualMachineImages.list('westus3', 'Canonical', 'ubuntu-24_04-lts', 'server')).length, 1);
  assert.is((await resources.providers.get('Microsoft.Compute')).registrationState, 'Registered');
  assert.is((await collect(network.usages.list('westus3')))[0]?.name?.value, 'PublicIPAddresses');
  const nsg = await network.networkSecurityGroups.createOrUpdate(
    RG,
    'nsg',
    {
      location: 'westus3',
      securityRules: [
        {
          name: 'ssh',
          protocol: 'Tcp',
          priority: 100,
          access: 'Allow',
          direction: 'Inbound',
          sourceAddressPrefix: '*',
          sourcePortRange: '*',
          destinationAddressPrefix: '*',
          destinationPortRange: '22',
        },
      ],
    },
    FAST,
  );
  assert.is(nsg.securityRules?.[0]?.name, 'ssh');
  await network.natGateways.createOrUpdate(RG, 'nat', { location: 'westus3', sku: { name: 'Standard' } }, FAST);
  await network.subnets.createOrUpdate(
    RG,
    'net',
    'other',
    { addressPrefix: '10.0.1.0/24', networkSecurityGroup: { id: nsg.id ?? '' } },
    FAST,
  );
  assert.is((await network.virtualNetworks.get(RG, 'net')).subnets?.length, 2);
  assert.is((await refusal(network.networkSecurityGroups.delete(RG, 'nsg', FAST))).code, 'InUseNetworkSecurityGroupCannotBeDeleted');

  await resources.resourceGroups.createOrUpdate('second', { location: 'eastus' });
  await fake.control.tell({ kind: 'foreign', group: 'second', name: 'disk' });
  await resources.resourceGroups.delete('second', FAST);
  assert.is((await refusal(resources.resourceGroups.get('second'))).code, 'ResourceGroupNotFound');
});

test.run();
