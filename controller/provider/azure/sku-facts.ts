// What is known of a SKU in a region: from Azure's own list, or, until that was read, from the little that is built in.
import type { ResourceSku } from '@azure/arm-compute';
import { regionName } from './settings.ts';

export interface SKUFacts {
  readonly sku: string;
  /** Of the quota it is counted against; undefined: not known. */
  readonly family: string | undefined;
  readonly vCPUs: number | undefined;
  /** Boots from NVMe disks alone. */
  readonly nvme: boolean;
  readonly acceleratedNetworking: boolean;
  readonly trustedLaunch: boolean;
  readonly spot: boolean;
  /** Where an ephemeral OS disk can be, best first; empty: nowhere; undefined: not known. */
  readonly ephemeral: readonly EphemeralPlace[] | undefined;
  /** Zones where this subscription may have it; undefined: not known. */
  readonly zones: readonly string[] | undefined;
  /** This subscription may not have it in this region at all. */
  readonly restricted: boolean;
}

export interface EphemeralPlace {
  readonly placement: 'NvmeDisk' | 'ResourceDisk' | 'CacheDisk';
  readonly sizeGiB: number;
}

/** Azure's list for a region, by the SKU's name in lower case. */
export type RegionSKUs = ReadonlyMap<string, SKUFacts>;

export const skuFactsOf = (skus: Iterable<ResourceSku>, region: string): RegionSKUs =>
  new Map(
    [...skus]
      .filter(({ resourceType, locations }) => resourceType === 'virtualMachines' && locations?.some((name) => regionName(name) === region))
      .map((sku) => factsIn(sku, region))
      .map((facts) => [facts.sku.toLowerCase(), facts]),
  );

/** Until the list of its region was read. Guesses nothing that could make Azure refuse what it would have given. */
export const builtInFacts = (sku: string): SKUFacts => {
  const [family, vCPUs, nvme, acceleratedNetworking, trustedLaunch] = BUILT_IN.get(sku.toLowerCase()) ?? UNKNOWN;
  return {
    sku,
    family,
    vCPUs,
    nvme,
    acceleratedNetworking,
    trustedLaunch,
    spot: true,
    ephemeral: undefined,
    zones: undefined,
    restricted: false,
  };
};

/** A SKU that the list of the region does not have: Azure does not sell it there, or not to this subscription. */
export const missingFacts = (sku: string): SKUFacts => ({ ...builtInFacts(sku), restricted: true });

type BuiltIn = readonly [
  family: string | undefined,
  vCPUs: number | undefined,
  nvme: boolean,
  acceleratedNetworking: boolean,
  trustedLaunch: boolean,
];

const UNKNOWN: BuiltIn = [undefined, undefined, false, false, false];

/** The SKUs of the built-in sizes. Families as Azure's list of SKUs names them (read 2026-11-22): v6 of AMD drops the `s`. */
const BUILT_IN: ReadonlyMap<string, BuiltIn> = new Map([
  ['standard_d8s_v3', ['standardDSv3Family', 8, false, true, true]],
  ['standard_d8s_v5', ['standardDSv5Family', 8, false, true, true]],
  ['standard_d8as_v6', ['standardDav6Family', 8, true, true, true]],
  ['standard_e8s_v5', ['standardESv5Family', 8, false, true, true]],
  ['standard_e8as_v6', ['standardEav6Family', 8, true, true, true]],
  ['standard_e8s_v6', ['StandardEsv6Family', 8, true, true, true]],
  ['standard_e16s_v5', ['standardESv5Family', 16, false, true, true]],
  ['standard_e16as_v6', ['standardEav6Family', 16, true, true, true]],
  ['standard_e16s_v6', ['StandardEsv6Family', 16, true, true, true]],
  ['standard_e32s_v5', ['standardESv5Family', 32, false, true, true]],
  ['standard_e32as_v6', ['standardEav6Family', 32, true, true, true]],
  ['standard_e32s_v6', ['StandardEsv6Family', 32, true, true, true]],
]);

const factsIn = (sku: ResourceSku, region: string): SKUFacts => {
  const capabilities = new Map(sku.capabilities?.map(({ name = '', value = '' }) => [name, value]));
  const has = (name: string): boolean => capabilities.get(name)?.toLowerCase() === 'true';
  const list = (name: string): readonly string[] => (capabilities.get(name) ?? '').split(',').map((item) => item.trim());
  const count = (name: string): number => Number(capabilities.get(name) ?? Number.NaN);
  const controllers = list('DiskControllerTypes');
  return {
    sku: sku.name ?? '',
    family: sku.family,
    vCPUs: count('vCPUs') || undefined,
    nvme: controllers.includes('NVMe') && !controllers.includes('SCSI'),
    acceleratedNetworking: has('AcceleratedNetworkingEnabled'),
    trustedLaunch: list('HyperVGenerations').includes('V2') && !has('TrustedLaunchDisabled'),
    spot: has('LowPriorityCapable'),
    ephemeral: has('EphemeralOSDiskSupported') ? ephemeralPlaces(list('SupportedEphemeralOSDiskPlacements'), count) : [],
    zones: zonesOf(sku, region),
    restricted: sku.restrictions?.some(({ type }) => type === 'Location') ?? false,
  };
};

const GIB = 2 ** 30;

/** Best first: on disks of its own before the cache that data disks share. Azure counts resource disks in MB of 2^20 bytes. */
const ephemeralPlaces = (supported: readonly string[], count: (name: string) => number): readonly EphemeralPlace[] =>
  [
    { placement: 'NvmeDisk' as const, sizeGiB: count('NvmeDiskSizeInMiB') / 1024 },
    { placement: 'ResourceDisk' as const, sizeGiB: count('MaxResourceVolumeMB') / 1024 },
    { placement: 'CacheDisk' as const, sizeGiB: count('CachedDiskBytes') / GIB },
  ].filter(({ placement, sizeGiB }) => supported.includes(placement) && sizeGiB > 0);

const zonesOf = ({ locationInfo = [], restrictions = [] }: ResourceSku, region: string): readonly string[] => {
  const sold = locationInfo.filter(({ location = '' }) => regionName(location) === region).flatMap(({ zones = [] }) => zones);
  const barred = new Set(restrictions.filter(({ type }) => type === 'Zone').flatMap(({ restrictionInfo }) => restrictionInfo?.zones ?? []));
  return sold.filter((zone) => !barred.has(zone)).toSorted();
};
