// The body of the request that makes a machine, as the SDK takes it and as it sends it.
import { ComputeManagementClient } from '@azure/arm-compute';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { VMPoolSpec } from '../../../controller/api/types.generated.ts';
import { machineNames } from '../../../controller/provider/azure/names.ts';
import { azureSettings } from '../../../controller/provider/azure/settings.ts';
import { type MachineSpec, vmBody } from '../../../controller/provider/azure/vm-body.ts';
import { azurePool, facts, SKU } from './azure-said.ts';

const test = suite('azure provider: the request for a machine');

type AzureSpec = NonNullable<VMPoolSpec['provider']['azure']>;
const SUBNET = '/subscriptions/s/subnet';
const NSG = '/subscriptions/s/nsg';
const TAGS = { 'managed-by': 'berth' };

const spec = (azure: Partial<AzureSpec> = {}, more: Partial<MachineSpec> = {}): MachineSpec => ({
  settings: azureSettings(azurePool(azure)),
  candidate: { size: 'l', sku: SKU, region: 'westus3', zone: undefined, priority: 'Regular' },
  facts: facts(),
  names: machineNames('0123456789ab'),
  tags: TAGS,
  loginKey: 'ssh-ed25519 AAAA',
  customData: 'I2Nsb3Vk',
  network: { subnetID: SUBNET, securityGroupID: NSG },
  ...more,
});

test('one request makes a machine, its disk, its interface and its address, each of which goes with it', () => {
  assert.equal(vmBody(spec()), {
    location: 'westus3',
    tags: TAGS,
    hardwareProfile: { vmSize: SKU },
    storageProfile: {
      imageReference: { publisher: 'Canonical', offer: 'ubuntu-24_04-lts', sku: 'server', version: 'latest' },
      osDisk: {
        name: 'berth-0123456789-os',
        createOption: 'FromImage',
        deleteOption: 'Delete',
        diskSizeGB: 128,
        caching: 'ReadWrite',
        managedDisk: { storageAccountType: 'Premium_LRS' },
      },
    },
    osProfile: {
      computerName: 'berth-0123456789',
      adminUsername: 'berth',
      customData: 'I2Nsb3Vk',
      linuxConfiguration: {
        disablePasswordAuthentication: true,
        provisionVMAgent: true,
        ssh: { publicKeys: [{ path: '/home/berth/.ssh/authorized_keys', keyData: 'ssh-ed25519 AAAA' }] },
      },
    },
    securityProfile: { securityType: 'TrustedLaunch', uefiSettings: { secureBootEnabled: true, vTpmEnabled: true } },
    diagnosticsProfile: { bootDiagnostics: { enabled: true } },
    networkProfile: {
      networkApiVersion: '2022-11-01',
      networkInterfaceConfigurations: [
        {
          name: 'berth-0123456789-nic',
          tags: TAGS,
          primary: true,
          deleteOption: 'Delete',
          enableAcceleratedNetworking: true,
          networkSecurityGroup: { id: NSG },
          ipConfigurations: [
            {
              name: 'ip0',
              primary: true,
              subnet: { id: SUBNET },
              publicIPAddressConfiguration: {
                name: 'berth-0123456789-pip',
                tags: TAGS,
                sku: { name: 'Standard' },
                deleteOption: 'Delete',
                publicIPAllocationMethod: 'Static',
              },
            },
          ],
        },
      ],
    },
  });
});

test('the SDK leaves nothing out of it', async () => {
  const bodies: string[] = [];
  const stopped = new Error('sent');
  const httpClient = {
    sendRequest: async (request: { readonly body?: unknown }) => {
      bodies.push(String(request.body));
      throw stopped;
    },
  };
  const credential = { getToken: async () => ({ token: 'token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) };
  const client = new ComputeManagementClient(credential, '00000000-0000-0000-0000-000000000000', {
    httpClient,
    retryOptions: { maxRetries: 0 },
  });
  const candidate = { ...spec().candidate, priority: 'Spot', zone: '1' } as const;
  const ephemeral = [{ placement: 'NvmeDisk', sizeGiB: 400 }] as const;
  const settings = { priority: 'Spot', osDisk: { ephemeral: true }, identity: { userAssignedId: '/subscriptions/s/identity' } } as const;
  const body = vmBody(spec(settings, { candidate, facts: facts({ nvme: true, ephemeral }) }));
  const sent = await client.virtualMachines
    .createOrUpdate('berth-default', 'berth-0123456789', body)
    .submitted()
    .catch((error: unknown) => error);
  assert.is(sent, stopped);
  const { location, tags, zones, identity, properties, ...others } = JSON.parse(bodies[0] ?? '');
  assert.equal([location, tags, zones, identity, others], [body.location, body.tags, ['1'], body.identity, {}]);
  assert.equal(leaves(properties), leaves(withoutTop(body)), 'each value, wherever the wire has it');
  const [nic] = properties.networkProfile.networkInterfaceConfigurations;
  const [ip] = nic.properties.ipConfigurations;
  assert.equal([nic.properties.deleteOption, ip.properties.publicIPAddressConfiguration.properties.deleteOption], ['Delete', 'Delete']);
});

const withoutTop = ({
  location: _location,
  tags: _tags,
  zones: _zones,
  identity: _identity,
  ...properties
}: object & ReturnType<typeof vmBody>) => properties;

/** Every value in it, in order. */
const leaves = (value: unknown): readonly string[] =>
  typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves).toSorted() : [JSON.stringify(value)];

test('an interface that was made before goes with the machine too', () => {
  const { networkProfile } = vmBody(spec({}, { network: { nicID: '/subscriptions/s/nic' } }));
  assert.equal(networkProfile, { networkInterfaces: [{ id: '/subscriptions/s/nic', primary: true, deleteOption: 'Delete' }] });
});

test('without a public address or a security group there is none', () => {
  const body = vmBody(spec({ network: { publicIP: false } }, { network: { subnetID: SUBNET, securityGroupID: undefined } }));
  const [nic] = body.networkProfile?.networkInterfaceConfigurations ?? [];
  assert.equal(nic?.ipConfigurations, [{ name: 'ip0', primary: true, subnet: { id: SUBNET } }]);
  assert.is(nic && 'networkSecurityGroup' in nic, false);
});

test('a Spot machine says what becomes of it, and is never taken away for its price', () => {
  const candidate = { ...spec().candidate, priority: 'Spot' } as const;
  const { priority, evictionPolicy, billingProfile } = vmBody(spec({ priority: 'Spot', evictionPolicy: 'Deallocate' }, { candidate }));
  assert.equal([priority, evictionPolicy, billingProfile], ['Spot', 'Deallocate', { maxPrice: -1 }]);
  const regular = vmBody(spec({ priority: 'Spot' }));
  assert.is(
    'priority' in regular || 'evictionPolicy' in regular || 'billingProfile' in regular,
    false,
    'a regular one in its place does not',
  );
});

test('a Spot machine whose disk is its own is deleted when it is taken away', () => {
  const candidate = { ...spec().candidate, priority: 'Spot' } as const;
  const body = vmBody(spec({ priority: 'Spot', evictionPolicy: 'Deallocate', osDisk: { ephemeral: true } }, { candidate }));
  assert.is(body.evictionPolicy, 'Delete');
});

test('an ephemeral disk is where the SKU has room for it', () => {
  const ephemeral = [
    { placement: 'ResourceDisk', sizeGiB: 64 },
    { placement: 'CacheDisk', sizeGiB: 400 },
  ] as const;
  const osDisk = (of: Partial<MachineSpec>) => vmBody(spec({ osDisk: { ephemeral: true, sizeGiB: 100 } }, of)).storageProfile?.osDisk;
  const { caching, managedDisk, diffDiskSettings, diskSizeGB } = osDisk({ facts: facts({ ephemeral }) }) ?? {};
  assert.equal([caching, managedDisk, diskSizeGB], ['ReadOnly', { storageAccountType: 'Standard_LRS' }, 100]);
  assert.equal(diffDiskSettings, { option: 'Local', placement: 'CacheDisk' });
  assert.equal(osDisk({})?.diffDiskSettings, { option: 'Local' }, 'Azure chooses where nothing is known');
});

test('a SKU says what it can not do without, and what it can not do', () => {
  const { storageProfile, securityProfile, networkProfile } = vmBody(
    spec({}, { facts: facts({ nvme: true, trustedLaunch: false, acceleratedNetworking: false }) }),
  );
  assert.is(storageProfile?.diskControllerType, 'NVMe');
  assert.is(securityProfile, undefined);
  assert.is(networkProfile?.networkInterfaceConfigurations?.[0]?.enableAcceleratedNetworking, false);
  assert.is('diskControllerType' in (vmBody(spec()).storageProfile ?? {}), false);
});

test('zone, identity and image are those of the pool', () => {
  const userAssignedId = '/subscriptions/s/identity';
  const candidate = { ...spec().candidate, zone: '2' } as const;
  const body = vmBody(spec({ identity: { userAssignedId }, image: { id: '/gallery' } }, { candidate }));
  assert.equal(body.zones, ['2']);
  assert.equal(body.identity, { type: 'UserAssigned', userAssignedIdentities: { [userAssignedId]: {} } });
  assert.equal(body.storageProfile?.imageReference, { id: '/gallery' });
});

test.run();
