// What Azure's list of SKUs says of one in a region, and what is taken for true before it was read.
import type { ResourceSku } from '@azure/arm-compute';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { poolSizes } from '../../../controller/api/sizes.ts';
import { builtInFacts, missingFacts, type SKUFacts, skuFactsOf } from '../../../controller/provider/azure/sku-facts.ts';
import { azurePool } from './azure-said.ts';

const test = suite('azure provider: facts of SKUs');

const sku = (name: string, capabilities: Readonly<Record<string, string>> = {}, more: Partial<ResourceSku> = {}): ResourceSku => ({
  resourceType: 'virtualMachines',
  name,
  locations: ['westus3'],
  capabilities: Object.entries(capabilities).map(([key, value]) => ({ name: key, value })),
  ...more,
});
type Restriction = NonNullable<ResourceSku['restrictions']>[number];
const one = (...skus: readonly ResourceSku[]): SKUFacts | undefined => [...skuFactsOf(skus, 'westus3').values()][0];

// As the list of southcentralus has them (karpenter-provider-azure, pkg/fake/zz_generated.sku.southcentralus.go at 352646f).
const D128DS_V6 = sku(
  'Standard_D128ds_v6',
  {
    vCPUs: '128',
    HyperVGenerations: 'V2',
    DiskControllerTypes: 'NVMe',
    AcceleratedNetworkingEnabled: 'True',
    EphemeralOSDiskSupported: 'True',
    SupportedEphemeralOSDiskPlacements: 'NvmeDisk',
    LowPriorityCapable: 'True',
    MaxResourceVolumeMB: '0',
    NvmeDiskSizeInMiB: '7208960',
  },
  { family: 'StandardDdsv6Family', locationInfo: [{ location: 'westus3', zones: ['3', '1', '2'] }] },
);
const D4S_V3 = sku(
  'Standard_D4s_v3',
  {
    vCPUs: '4',
    HyperVGenerations: 'V1,V2',
    AcceleratedNetworkingEnabled: 'True',
    EphemeralOSDiskSupported: 'True',
    SupportedEphemeralOSDiskPlacements: 'ResourceDisk,CacheDisk',
    LowPriorityCapable: 'True',
    MaxResourceVolumeMB: '32768',
    CachedDiskBytes: '107374182400',
  },
  { family: 'standardDSv3Family' },
);
const D16PLDS_V5 = sku('Standard_D16plds_v5', {
  vCPUs: '16',
  HyperVGenerations: 'V2',
  TrustedLaunchDisabled: 'True',
  EphemeralOSDiskSupported: 'False',
});

test('a new SKU boots from NVMe alone, and has its ephemeral disk there', () => {
  assert.equal(one(D128DS_V6), {
    sku: 'Standard_D128ds_v6',
    family: 'StandardDdsv6Family',
    vCPUs: 128,
    nvme: true,
    acceleratedNetworking: true,
    trustedLaunch: true,
    spot: true,
    ephemeral: [{ placement: 'NvmeDisk', sizeGiB: 7040 }],
    zones: ['1', '2', '3'],
    restricted: false,
  });
});

test('an old SKU boots from SCSI, and puts an ephemeral disk on its own disk before its cache', () => {
  const facts = one(D4S_V3);
  assert.equal([facts?.nvme, facts?.zones], [false, []]);
  assert.equal(facts?.ephemeral, [
    { placement: 'ResourceDisk', sizeGiB: 32 },
    { placement: 'CacheDisk', sizeGiB: 100 },
  ]);
});

test('one that takes both kinds of disk controllers boots from what the image has', () => {
  assert.is(one(sku('Standard_E2bds_v5', { DiskControllerTypes: 'SCSI, NVMe' }))?.nvme, false);
});

test('no trusted launch where it is disabled or the machine is of the first generation', () => {
  assert.is(one(D16PLDS_V5)?.trustedLaunch, false);
  assert.is(one(sku('Standard_D2_v2', { HyperVGenerations: 'V1' }))?.trustedLaunch, false);
});

test('what is said of nothing but its name has no capability', () => {
  assert.equal(one({ ...sku('Standard_X'), capabilities: [{}] }), {
    sku: 'Standard_X',
    family: undefined,
    vCPUs: undefined,
    nvme: false,
    acceleratedNetworking: false,
    trustedLaunch: false,
    spot: false,
    ephemeral: [],
    zones: [],
    restricted: false,
  });
});

test('a restriction of the location bars the SKU there, one of zones bars these alone', () => {
  const barred: Restriction = { type: 'Location', reasonCode: 'NotAvailableForSubscription', restrictionInfo: { locations: ['westus3'] } };
  const zones: Restriction = { type: 'Zone', reasonCode: 'NotAvailableForSubscription', restrictionInfo: { zones: ['1', '3'] } };
  assert.is(one({ ...D128DS_V6, restrictions: [barred] })?.restricted, true);
  const zonal = one({ ...D128DS_V6, restrictions: [zones, { type: 'Zone' }] });
  assert.equal([zonal?.restricted, zonal?.zones], [false, ['2']]);
});

test('the list of a region has its virtual machines alone, by names in lower case', () => {
  const list = skuFactsOf(
    [
      D4S_V3,
      { ...sku('disk'), resourceType: 'disks' },
      sku('Standard_Elsewhere', {}, { locations: ['East US'] }),
      { resourceType: 'virtualMachines', name: 'nowhere' },
      sku('Standard_Spaced', {}, { locations: ['West US 3'], locationInfo: [{ location: 'West US 3' }, { zones: ['9'] }] }),
      { resourceType: 'virtualMachines', locations: ['westus3'] },
    ],
    'westus3',
  );
  assert.equal([...list.keys()], ['standard_d4s_v3', 'standard_spaced', '']);
  assert.equal(list.get('standard_spaced')?.zones, []);
});

test('the SKUs of the built-in sizes are known before the list is read, and forbid nothing', () => {
  const sizes = poolSizes(azurePool({}, { sizes: [{ name: 's' }, { name: 'm' }, { name: 'l' }, { name: 'xl' }] }).spec);
  for (const { skus, memoryMiB } of sizes) {
    for (const name of skus) {
      const facts = builtInFacts(name);
      assert.ok(facts.family && facts.vCPUs && !facts.restricted && facts.spot && facts.zones === undefined, name);
      assert.is(memoryMiB / 1024 / (facts.vCPUs ?? 0), name.startsWith('Standard_D') ? 4 : 8, `${name}: GiB a vCPU`);
      assert.is(facts.nvme, name.endsWith('_v6'), name);
    }
  }
});

test('of any other SKU nothing is known, but that it may be asked for', () => {
  const facts = builtInFacts('Standard_New');
  assert.equal(
    [facts.sku, facts.family, facts.vCPUs, facts.restricted, facts.trustedLaunch],
    ['Standard_New', undefined, undefined, false, false],
  );
});

test('what the list of a region does not have is not to be had there', () => {
  assert.equal(missingFacts('Standard_E16s_v5'), { ...builtInFacts('Standard_E16s_v5'), restricted: true });
});

test.run();
