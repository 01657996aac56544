// What a subscription may have in each region: Azure's list of SKUs, and how much of its quotas is used. Read in the background
// and before a machine is asked for; not knowing forbids nothing. Prices are everybody's, and read apart (live-prices.ts).
import type { ResourceSku, Usage } from '@azure/arm-compute';
import type { Clock } from '../../api/clock.ts';
import { type Azure, callOptions } from './clients.ts';
import type { Prices } from './prices.ts';
import type { RegionUsages } from './quota-room.ts';
import { type RegionSKUs, skuFactsOf } from './sku-facts.ts';

export interface MarketFacts {
  readonly skus: ReadonlyMap<string, RegionSKUs>;
  readonly usages: ReadonlyMap<string, RegionUsages>;
  /** As they were last read. */
  readonly prices: Prices;
  /** When the counts of this region were asked for, on the monotonic clock. */
  countedAt(region: string): number;
  /** Reads what of this region is not known or too old; throws what Azure says. */
  refresh(region: string, signal: AbortSignal): Promise<void>;
  /** Counts are read again before they are next relied on. */
  recount(region: string): void;
}

const SKUS_MS = 3600_000;
const USAGES_MS = 60_000;

export const createMarketFacts = (azure: Azure, clock: Clock, prices: Prices): MarketFacts => {
  const skus = new Map<string, RegionSKUs>();
  const usages = new Map<string, RegionUsages>();
  const listedAt = new Map<string, number>();
  const countedAt = new Map<string, number>();
  const under = new Map<string, Promise<void>>();
  const isDue = (times: ReadonlyMap<string, number>, region: string, afterMs: number): boolean =>
    clock.monotonic() - (times.get(region) ?? Number.NEGATIVE_INFINITY) >= afterMs;

  const refresh = async (region: string, signal: AbortSignal): Promise<void> => {
    await Promise.all([
      isDue(countedAt, region, USAGES_MS) ? count(region, signal) : undefined,
      isDue(listedAt, region, SKUS_MS) ? list(region, signal) : undefined,
    ]);
  };
  const count = async (region: string, signal: AbortSignal): Promise<void> => {
    const at = clock.monotonic();
    const counts = await azure.call(({ compute }) => Array.fromAsync<Usage>(compute.usage.list(region, callOptions(region, signal))));
    usages.set(region, { counts, nextReadAt: clock.now() + USAGES_MS });
    countedAt.set(region, at);
  };
  const list = async (region: string, signal: AbortSignal): Promise<void> => {
    const filter = `location eq '${region}'`;
    const found = await azure.call(({ compute }) =>
      Array.fromAsync<ResourceSku>(compute.resourceSkus.list({ ...callOptions(region, signal), filter })),
    );
    skus.set(region, skuFactsOf(found, region));
    listedAt.set(region, clock.monotonic());
  };
  return {
    skus,
    usages,
    prices,
    countedAt: (region) => countedAt.get(region) ?? Number.NEGATIVE_INFINITY,
    recount: (region) => void countedAt.delete(region),
    refresh: (region, signal) => {
      const running = under.get(region) ?? refresh(region, signal).finally(() => under.delete(region));
      under.set(region, running);
      return running;
    },
  };
};
