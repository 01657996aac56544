// The Retail Prices API: what is asked of it for one SKU in one region, and what its answers mean. They come from outside: what is
// not as it should be counts for nothing.
import { parseMoney } from '../../api/money.ts';
import type { Candidate } from './candidates.ts';
import type { Price } from './prices.ts';

/** From this version on the values in a filter are case-sensitive. */
const VERSION = '2023-01-01-preview';
/** No hour of a machine costs that much: a slip of theirs, and sooner or later too long for a field. */
const ABSURD_USD = 100_000;

type Asked = Pick<Candidate, 'sku' | 'region'>;

/** The path and query of the first page. */
export const pricesPath = ({ sku, region }: Asked): string => {
  const wanted = {
    priceType: 'Consumption',
    currencyCode: 'USD',
    serviceFamily: 'Compute',
    serviceName: 'Virtual Machines',
    armRegionName: region,
    armSkuName: sku,
  };
  const filter = Object.entries(wanted).map(([field, value]) => `${field} eq '${value}'`);
  return `/api/retail/prices?api-version=${VERSION}&$filter=${encodeURIComponent(filter.join(' and '))}`;
};

export interface Page {
  readonly items: readonly unknown[];
  /** The address of the next one. */
  readonly next: string | undefined;
}

/** Undefined: it is none. */
export const pageOf = (answer: unknown): Page | undefined => {
  if (typeof answer !== 'object' || answer === null) return undefined;
  const { Items: items, NextPageLink: next } = answer as { readonly Items?: unknown; readonly NextPageLink?: unknown };
  return Array.isArray(items) ? { items, next: typeof next === 'string' && next !== '' ? next : undefined } : undefined;
};

/** The cheapest of each kind for Linux: several meters may sell the same. Undefined where a regular machine has none. */
export const retailPrice = (items: readonly unknown[], asked: Asked): Price | undefined => {
  const rows = items.filter(isRow).filter((row) => isFor(row, asked));
  const cheapest = (spot: boolean): number | undefined => {
    const prices = rows.filter(({ skuName }) => skuName.endsWith(' Spot') === spot).map(({ retailPrice: usd }) => inMoney(usd));
    return prices.length === 0 ? undefined : Math.min(...prices);
  };
  const [regular, spot] = [cheapest(false), cheapest(true)];
  return regular === undefined ? undefined : { regular, ...(spot === undefined ? {} : { spot }) };
};

/** What there is to look at in a row. */
interface Row {
  readonly retailPrice: number;
  readonly currencyCode: string;
  readonly unitOfMeasure: string;
  readonly type: string;
  readonly armRegionName: string;
  readonly armSkuName: string;
  readonly skuName: string;
  readonly productName: string;
  readonly meterName: string;
}

const TEXTS = ['currencyCode', 'unitOfMeasure', 'type', 'armRegionName', 'armSkuName', 'skuName', 'productName', 'meterName'] as const;

const isRow = (item: unknown): item is Row => {
  if (typeof item !== 'object' || item === null) return false;
  const row = item as Readonly<Record<string, unknown>>;
  return TEXTS.every((name) => typeof row[name] === 'string') && typeof row.retailPrice === 'number';
};

const isFor = (row: Row, { sku, region }: Asked): boolean =>
  row.armSkuName === sku &&
  row.armRegionName === region &&
  row.type === 'Consumption' &&
  row.currencyCode === 'USD' &&
  row.unitOfMeasure === '1 Hour' &&
  !row.productName.endsWith(' Windows') &&
  !row.meterName.endsWith(' Low Priority') &&
  // A machine for nothing is a slip as well, and one that would lift every budget.
  row.retailPrice > 0 &&
  row.retailPrice < ABSURD_USD;

/** Never nothing, however little it is. */
const inMoney = (usd: number): number => Math.max(1, parseMoney(String(usd)));
