// What the tests of the fake share: clients of the real SDKs, a network to be in, and the body of a machine.
import { ComputeManagementClient } from '@azure/arm-compute';
import { NetworkManagementClient } from '@azure/arm-network';
import { ResourceManagementClient } from '@azure/arm-resources';
import { type FakeAzure, type FakeAzureOptions, startFakeAzure } from '../fakes/azure/start.ts';

export const RG = 'berth-rg';
export const FAST = { updateIntervalInMs: 20 };

export type MachineBody = Parameters<ComputeManagementClient['virtualMachines']['createOrUpdate']>[2];

export interface FakeWorld {
  readonly fake: FakeAzure;
  readonly compute: ComputeManagementClient;
  readonly network: NetworkManagementClient;
  readonly resources: ResourceManagementClient;
  readonly subnetId: string;
  readonly body: (name: string, more?: Partial<MachineBody>, customData?: string) => MachineBody;
  readonly create: (name: string, more?: Partial<MachineBody>, customData?: string) => Promise<unknown>;
}

export const createFakeWorld = async (options: FakeAzureOptions = {}): Promise<FakeWorld> => {
  const fake = await startFakeAzure(options);
  // Faults are to be seen, not tried away.
  const clientOptions = { ...fake.clientOptions, retryOptions: { maxRetries: 0 } };
  const compute = new ComputeManagementClient(fake.credential, fake.subscription, clientOptions);
  const network = new NetworkManagementClient(fake.credential, fake.subscription, clientOptions);
  const resources = new ResourceManagementClient(fake.credential, fake.subscription, clientOptions);
  await resources.resourceGroups.createOrUpdate(RG, { location: 'westus3', tags: { a: 'b' } });
  await network.virtualNetworks.createOrUpdate(
    RG,
    'net',
    { location: 'westus3', addressSpace: { addressPrefixes: ['10.0.0.0/16'] } },
    FAST,
  );
  const subnet = await network.subnets.createOrUpdate(RG, 'net', 'default', { addressPrefix: '10.0.0.0/24' }, FAST);
  const subnetId = subnet.id ?? '';
  const body: FakeWorld['body'] = (name, more = {}, customData) => ({ ...machineBody(name, subnetId, customData), ...more });
  return {
    fake,
    compute,
    network,
    resources,
    subnetId,
    body,
    create: async (name, more, customData) =>
      compute.virtualMachines.createOrUpdate(RG, name, body(name, more, customData), { ...FAST, ifNoneMatch: '*' }),
  };
};

const machineBody = (name: string, subnetId: string, customData = '#cloud-config\n'): MachineBody => ({
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
    customData: Buffer.from(customData).toString('base64'),
    linuxConfiguration: {
      disablePasswordAuthentication: true,
      ssh: { publicKeys: [{ path: '/home/agent/.ssh/authorized_keys', keyData: 'ssh-ed25519 AAAA' }] },
    },
  },
  networkProfile: { networkApiVersion: '2022-11-01', networkInterfaceConfigurations: [interfaceOf(name, subnetId)] },
});

const interfaceOf = (name: string, subnetId: string) => ({
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
});
