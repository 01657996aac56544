// What a pool leaves out of its Azure settings, and what can not be read in them.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { azureSettings, regionName } from '../../../controller/provider/azure/settings.ts';
import { pool } from '../../builders/pool.ts';
import { azurePool } from './azure-said.ts';

const test = suite('azure provider: settings');

const jumpHost = {
  address: 'jump.example.org',
  user: 'me',
  hostKey: 'ssh-ed25519 AAAA',
  credentials: { secretRef: { name: 'jump' } },
};

test('all but the regions may be left out', () => {
  assert.equal(azureSettings(azurePool()), {
    subscriptionID: undefined,
    resourceGroup: 'berth-default',
    regions: ['westus3', 'eastus'],
    zones: [],
    image: { publisher: 'Canonical', offer: 'ubuntu-24_04-lts', sku: 'server', version: 'latest' },
    osDisk: { sizeGiB: 128, ephemeral: false },
    priority: 'Regular',
    evictionPolicy: 'Delete',
    network: { mode: 'SinglePut', subnetID: undefined, publicIP: true, allowSSHFrom: undefined, jumpHost: undefined },
    identity: { credential: 'auto', userAssignedID: undefined },
    setupScript: undefined,
    deadMansSwitchSeconds: 3600,
    deadMansSwitchMaxSeconds: 86_400,
  });
});

test('what is said stands, and its members are filled in one by one', () => {
  const subscriptionId = '00000000-0000-0000-0000-000000000000';
  const settings = azureSettings(
    azurePool({
      subscriptionId,
      resourceGroup: 'ours',
      zones: ['2', '1'],
      image: { id: '/subscriptions/s/galleries/g' },
      osDisk: { ephemeral: true },
      priority: 'Spot',
      evictionPolicy: 'Deallocate',
      network: {
        mode: 'Explicit',
        subnetId: '/subscriptions/s/subnet',
        publicIP: false,
        allowSSHFrom: ['10.0.0.0/8'],
        jumpHost: { ...jumpHost, port: 2222 },
      },
      identity: { credential: 'cli', userAssignedId: '/subscriptions/s/identity' },
      setup: { script: 'true' },
      deadMansSwitchSeconds: 60,
      deadMansSwitchMaxSeconds: 600,
    }),
  );
  assert.equal(settings, {
    subscriptionID: subscriptionId,
    resourceGroup: 'ours',
    regions: ['westus3', 'eastus'],
    zones: ['2', '1'],
    image: { id: '/subscriptions/s/galleries/g' },
    osDisk: { sizeGiB: 128, ephemeral: true },
    priority: 'Spot',
    evictionPolicy: 'Deallocate',
    network: {
      mode: 'Explicit',
      subnetID: '/subscriptions/s/subnet',
      publicIP: false,
      allowSSHFrom: ['10.0.0.0/8'],
      jumpHost: { ...jumpHost, port: 2222 },
    },
    identity: { credential: 'cli', userAssignedID: '/subscriptions/s/identity' },
    setupScript: 'true',
    deadMansSwitchSeconds: 60,
    deadMansSwitchMaxSeconds: 600,
  });
});

test('a jump host is on port 22 unless it says otherwise', () => {
  assert.equal(azureSettings(azurePool({ network: { jumpHost } })).network.jumpHost, { ...jumpHost, port: 22 });
});

test('a pool of another provider has none', () => {
  assert.throws(() => azureSettings(pool()), 'pool default is of type Azure and has no provider.azure');
});

test("a urn that is short of a part is Azure's to refuse", () => {
  assert.equal(azureSettings(azurePool({ image: { urn: 'a' } })).image, { publisher: 'a', offer: '', sku: '', version: '' });
});

test("a region's name is the same in every form that Azure has for it", () => {
  assert.equal(['West US 3', 'westus3', 'WestUS3'].map(regionName), ['westus3', 'westus3', 'westus3']);
});

test.run();
