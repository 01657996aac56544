// Prices as they were last read, for all pools of this controller: once a day for each SKU in a region, in the background. Nobody
// waits for them, and not knowing them forbids nothing but what a budget forbids.
import type { Clock } from '../../api/clock.ts';
import { errorMessage } from '../../api/error.ts';
import { type Price, type Prices, priceKey } from './prices.ts';
import type { ReadPrice } from './read-price.ts';

export interface LivePrices {
  readonly known: Prices;
  /** Asks for what is due of these, and returns at once. */
  refresh(region: string, skus: readonly string[]): void;
}

export interface LivePricesOptions {
  readonly clock: Clock;
  readonly read: ReadPrice;
  /** Told once, until it has worked again. */
  readonly onProblem?: ((problem: string) => void) | undefined;
}

const DAY_MS = 24 * 3600_000;
/** A region whose prices can not be read is asked about again after so long, and then after twice as long each time. */
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 3600_000;

export const createLivePrices = ({ clock, read, onProblem = () => undefined }: LivePricesOptions): LivePrices => {
  const known = new Map<string, Price>();
  const readAt = new Map<string, number>();
  const under = new Set<string>();
  const failed = new Map<string, { readonly times: number; readonly until: number }>();
  let isTold = false;

  const isDue = (sku: string, region: string): boolean =>
    clock.monotonic() - (readAt.get(priceKey({ sku, region })) ?? Number.NEGATIVE_INFINITY) >= DAY_MS;
  const readOne = async (sku: string, region: string): Promise<void> => {
    const price = await read({ sku, region });
    // What Azure does not sell any more keeps the price that it was sold at.
    if (price) known.set(priceKey({ sku, region }), price);
    readAt.set(priceKey({ sku, region }), clock.monotonic());
  };
  /** One after the other; one that fails keeps none from being read. */
  const readAll = async (region: string, skus: readonly string[]): Promise<void> => {
    const errors: unknown[] = [];
    for (const sku of skus) await readOne(sku, region).catch((error: unknown) => errors.push(error));
    if (errors.length > 0) return fail(region, errors[0]);
    failed.delete(region);
    isTold = false;
  };
  const fail = (region: string, error: unknown): void => {
    const times = failed.get(region)?.times ?? 0;
    failed.set(region, { times: times + 1, until: clock.monotonic() + Math.min(FIRST_PAUSE_MS * 2 ** times, LONGEST_PAUSE_MS) });
    if (!isTold) onProblem(errorMessage(error));
    isTold = true;
  };
  return {
    known,
    refresh: (region, skus) => {
      const due = skus.filter((sku) => isDue(sku, region));
      if (due.length === 0 || under.has(region) || clock.monotonic() < (failed.get(region)?.until ?? 0)) return;
      under.add(region);
      void readAll(region, due).finally(() => under.delete(region));
    },
  };
};
