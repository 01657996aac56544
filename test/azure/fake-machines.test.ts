// The fake's virtual machines as the real SDKs see them, over https.
import { ComputeManagementClient } from '@azure/arm-compute';
import { NetworkManagementClient } from '@azure/arm-network';
import { ResourceManagementClient } from '@azure/arm-resources';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type FakeAzure, startFakeAzure } from '../fakes/azure/start.ts';
import { until } from '../fakes/until.ts';

const test = suite('fake Azure: virtual machines');
const RG = 'berth-rg';
let fake: FakeAzure;
let compute: ComputeManagementClient;
let network: NetworkManagementClient;
let resources: ResourceManagementClient;
let subnetId = '';

test.before(async () => {
  fake = await startFakeAzure();
  compute = new ComputeManagementClient(fake.credential, fake.subscription, fake.clientOptions);
  network = new NetworkManagementClient(fake.credential, fake.subscription, fake.clientOptions);
  resources = new ResourceManagementClient(fake.credential, fake.subscription, fake.clientOptions);
  await resources.resourceGroups.createOrUpdate(RG, { location: 'westus3', tags: { a: 'b' } });
  await network.virtualNetworks.createOrUpdate(
    RG,
    'net',
    { location: 'westus3', addressSpace: { addressPrefixes: ['10.0.0.0/16'] } },
    FAST,
  );
  const subnet = await network.subnets.createOrUpdate(RG, 'net', 'default', { addressPrefix: '10.0.0.0/24' }, FAST);
  subnetId = subnet.id ?? '';
});
test.after(() => fake.stop());

const FAST = { updateIntervalInMs: 20 };

const body = (name: string, more: object = {}): Parameters<ComputeManagementClient['virtualMachines']['createOrUpdate']>[2] => ({
  location: 'westus3',
  tags: { owner: 'us', name },
  hardwareProfile: { vmSize: 'Standard_E16s_v5' },
  storageProfile: {
    imageReference: { publisher: 'Canonical', offer: 'ubuntu-24_04-lts', sku: 'server', version: 'latest' },
    osDisk: { name: `${name}-os`, createOption: 'FromImage', deleteOption: 'Delete', diskSizeGB: 128 },
  },
  osProfile: {
    computerName: name,
    adminUsername: 'agent',
    customData: Buffer.from('#cloud-config\n').toString('base64'),
    linuxConfiguration: {
      disablePasswordAuthentication: true,
      ssh: { publicKeys: [{ path: '/home/agent/.ssh/authorized_keys', keyData: 'ssh-ed25519 AAAA' }] },
    },
  },
  networkProfile: {
    networkApiVersion: '2022-11-01',
    networkInterfaceConfigurations: [
      {
        name: `${name}-nic`,
        tags: { owner: 'us' },
        primary: true,
        deleteOption: 'Delete',
        ipConfigurations: [
          {
            name: 'ip0',
            primary: true,
            subnet: { id: subnetId },
            publicIPAddressConfiguration: {
              name: `${name}-pip`,
              tags: { owner: 'us' },
              sku: { name: 'Standard' },
              deleteOption: 'Delete',
              publicIPAllocationMethod: 'Static',
            },
          },
        ],
      },
    ],
  },
  ...more,
});

test('makes a machine with its interface, address and disk by one PUT, and takes all of it away again', async () => {
  const vm = await compute.virtualMachines.createOrUpdate(RG, 'one', body('one'), { ...FAST, ifNoneMatch: '*' });
  assert.is(vm.provisioningState, 'Succeeded');
  assert.is(vm.osProfile?.customData, undefined);
  const nicId = vm.networkProfile?.networkInterfaces?.[0]?.id ?? '';
  const nic = await network.networkInterfaces.get(RG, nicId.split('/').at(-1) ?? '', { expand: 'ipConfigurations/publicIPAddress' });
  assert.match(nic.ipConfigurations?.[0]?.publicIPAddress?.ipAddress ?? '', /^127\./);
  assert.equal(nic.tags, { owner: 'us' });
  const view = await compute.virtualMachines.instanceView(RG, 'ONE');
  assert.equal(
    view.statuses?.map(({ code }) => code),
    ['ProvisioningState/succeeded', 'PowerState/running'],
  );
  const disk = await compute.disks.get(RG, 'one-os');
  assert.equal(disk.tags, { owner: 'us', name: 'one' });
  assert.is((await fake.control.bill()).running, 1);

  await compute.virtualMachines.delete(RG, 'one', { ...FAST, forceDeletion: true });
  await until(async () => (await fake.control.resources()).every(({ id }) => !/one/.test(String(id))), 'the end of what belonged to it');
  assert.is((await fake.control.bill()).running, 0);
  assert.is((await fake.control.requests()).filter(({ method, path }) => method === 'PUT' && path.endsWith('/one')).length, 1);
});

test.run();
