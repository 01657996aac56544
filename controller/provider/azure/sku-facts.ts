// What is known of a SKU in a region: from Azure's own list, or, until that was read, from the little that is built in.
import type { ResourceSku } from '@azure/arm-compute';
import { regionName } from './settings.ts';

export interface SKUFacts {
  readonly sku: string;
  /** Of the quota it is counted against. */
  readonly family: string | undefined;
  readonly vCPUs: number | undefined;
  readonly memoryMiB: number | undefined;
  readonly nvme: boolean;
  readonly acceleratedNetworking: boolean;
  readonly trustedLaunch: boolean;
  readonly spot: boolean;
  /** Where an ephemeral OS disk can be, best first; empty: nowhere. */
  readonly ephemeralPlacements: readonly string[];
  /** Zones where it can be had; undefined: not known. */
  readonly zones: readonly string[] | undefined;
  /** This subscription may not have it in this region at all. */
  readonly restricted: boolean;
}

/** Azure's list of a region, by the SKU's name in lower case. */
export type RegionSKUs = ReadonlyMap<string, SKUFacts>;

export const skuFactsOf = (_skus: Iterable<ResourceSku>, region: string): RegionSKUs => {
  void regionName(region);
  return new Map();
};

/** Of a SKU in a region whose list is not read (`known` undefined) or does not have it. */
export const builtInFacts = (sku: string): SKUFacts => ({
  sku,
  family: undefined,
  vCPUs: undefined,
  memoryMiB: undefined,
  nvme: false,
  acceleratedNetworking: true,
  trustedLaunch: false,
  spot: true,
  ephemeralPlacements: [],
  zones: undefined,
  restricted: false,
});
