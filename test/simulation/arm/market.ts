// What Azure has to give in each region, and the words it refuses the rest with: quotas that change, SKUs that run out of
// capacity or are taken off sale. What is counted are the machines that exist.
import { type Price, priceOf } from '../../../controller/provider/azure/prices.ts';
import { type ARMError, errorOf } from '../../fakes/azure/arm-error.ts';
import type { CloudMachine, Order } from '../../fakes/cloud.ts';

export interface Market {
  /** Why the order is refused, if it is. */
  refusalOf(order: Order): ARMError | undefined;
  /** Why there is none to be had, whatever the quotas. */
  shortageOf(order: Order): ARMError | undefined;
  /** As Azure's list of usages has them, with the casing of that list. */
  usages(region: string): readonly Usage[];
  /** What is used now is all there is. `quota` is `cores`, `lowPriorityCores` or a family. */
  exhaust(region: string, quota: string): void;
  /** Whatever there is, nothing is left of it for anybody. */
  sellOut(region: string, sku: string, how: 'SkuNotAvailable' | 'AllocationFailed'): void;
  restore(region: string): void;
}

export interface Usage {
  readonly name: { readonly value: string; readonly localizedValue: string };
  readonly unit: 'Count';
  readonly currentValue: number;
  readonly limit: number;
}

/** What it costs: a Spot machine a fifth of what the controller has to reckon with. */
export const retailPrice = (of: { readonly sku: string; readonly region: string }): Price | undefined => {
  const price = priceOf(new Map(), of);
  return price && { ...price, spot: Math.round(price.regular / 5) };
};

/** Room for everything that a scenario asks for. */
const PLENTY = 10_000;

export const createMarket = (existing: () => readonly CloudMachine[]): Market => {
  const limits = new Map<string, number>();
  const soldOut = new Map<string, 'SkuNotAvailable' | 'AllocationFailed'>();
  const limitOf = (region: string, quota: string): number => limits.get(`${region} ${quota}`) ?? PLENTY;
  const used = (region: string, quota: string): number => {
    let cores = 0;
    for (const machine of existing()) if (machine.region === region && quotasOf(machine).includes(quota)) cores += machine.vCPUs;
    return cores;
  };
  const shortageOf = ({ region: location, sku: size, eviction }: Order): ARMError | undefined => {
    const missing = soldOut.get(`${location} ${size}`);
    if (missing === 'AllocationFailed') return errorOf('allocation_failed', { size });
    return missing && errorOf(eviction ? 'sku_not_available_spot' : 'sku_not_available', { size, location });
  };
  return {
    shortageOf,
    refusalOf: (order) => {
      const { region: location, vCPUs: required, family } = order;
      const quota = quotasOf(order).find((name) => used(location, name) + required > limitOf(location, name));
      if (quota !== undefined) {
        const usage = used(location, quota);
        return errorOf(ERRORS[quota] ?? 'quota_family', {
          ...{ location, family, usage, required },
          ...{ limit: limitOf(location, quota), newLimit: usage + required },
        });
      }
      return shortageOf(order);
    },
    usages: (region) =>
      QUOTAS.map((quota) => ({
        name: { value: quota, localizedValue: quota },
        unit: 'Count',
        currentValue: used(region, quota),
        limit: limitOf(region, quota),
      })),
    exhaust: (region, quota) => limits.set(`${region} ${quota}`, used(region, quota)),
    sellOut: (region, sku, how) => soldOut.set(`${region} ${sku}`, how),
    restore: (region) => {
      for (const entries of [limits, soldOut]) for (const key of [...entries.keys()]) if (key.startsWith(`${region} `)) entries.delete(key);
    },
  };
};

const ERRORS: Readonly<Record<string, string>> = { cores: 'quota_regional', lowPriorityCores: 'quota_spot' };
export const FAMILIES = ['standardDSv5Family', 'standardDav6Family', 'standardESv5Family', 'standardEav6Family'] as const;
const QUOTAS = ['cores', 'lowPriorityCores', ...FAMILIES];

const quotasOf = ({ eviction, family }: Pick<Order, 'eviction' | 'family'>): readonly string[] =>
  eviction ? ['lowPriorityCores'] : ['cores', family];
