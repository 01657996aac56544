// The Retail Prices API: public, so no token is asked for. Its rows are of all that is sold as virtual machines, of whatever
// licence and kind, as Azure's are; the meter of the bill goes by the same prices.

import type { Handled, Request } from './arm.ts';
import { ARMError } from './arm-error.ts';
import type { Answer, Azure } from './azure.ts';
import { SIZES } from './facts.ts';
import { judge } from './faults.ts';
import type { World } from './world.ts';

export interface Price {
  readonly size: string;
  readonly region: string;
  readonly usd: number;
  readonly spotUSD: number;
}

/** Faults fasten to it by this type, with the SKU as `size` and `name`. */
const TYPE = 'Microsoft.Commerce/retailPrices';
const PATH = '/api/retail/prices';
const DISCOUNT = 0.2;
/** Of an hour of a core. */
const WINDOWS_USD = 0.046;
/** To a millionth, as they are told. */
const rounded = (usd: number): number => Math.round(usd * 1_000_000) / 1_000_000;

/** As it is now, in USD an hour: as was told over the control API, or as in the fixture. Undefined: not sold. */
export const priceOf = ({ prices }: World, size: string, region: string): Price | undefined =>
  prices.findLast((told) => told.size.toLowerCase() === size.toLowerCase() && told.region === region) ??
  fixed.find((price) => price.size.toLowerCase() === size.toLowerCase() && price.region === region);

const fixed: readonly Price[] = SIZES.flatMap(({ name: size, usdPerHour }) =>
  Object.entries(usdPerHour).map(([region, usd]) => ({ size, region, usd, spotUSD: rounded(usd * DISCOUNT) })),
);

/** Undefined: the path is not of this API. */
export const retailPrices = (azure: Azure, { method, url, base }: Request): Handled | undefined => {
  if (url.pathname !== PATH) return undefined;
  const filter = parseFilter(url.searchParams.get('$filter') ?? '');
  const [region = '', size = ''] = [filter?.get('armRegionName'), filter?.get('armSkuName')];
  const facts = { method, type: TYPE, action: '', name: size, region, size, zone: '', priority: '' };
  const verdict = judge(azure.world.faults, facts, { name: size, location: region, size }, azure.clock.now());
  const headers = { 'Cache-Control': 'no-cache' };
  if (verdict.redirect !== undefined) return { status: 307, headers: { ...headers, Location: verdict.redirect }, verdict };
  const { error } = verdict;
  const answer: Answer =
    error instanceof ARMError
      ? { status: error.status, body: { error: error.failure } }
      : filter && method === 'GET'
        ? page(azure.world, filter, url, base)
        : { status: 400, body: { Error: { Code: 'BadRequest', Message: 'Invalid OData parameters supplied' } } };
  return { ...answer, headers: { ...headers, ...error?.headers }, verdict };
};

type Row = Readonly<Record<string, unknown>>;

const page = (world: World, filter: Filter, url: URL, base: string): Answer => {
  const rows = rowsOf(world).filter((row) => [...filter].every(([field, value]) => row[field] === value));
  const skip = Number(url.searchParams.get('$skip') ?? 0);
  const items = rows.slice(skip, skip + world.pageSize);
  const next = new URL(`${base}${url.pathname}${url.search}`);
  next.searchParams.set('$skip', String(skip + world.pageSize));
  return {
    status: 200,
    body: {
      BillingCurrency: 'USD',
      CustomerEntityId: 'Default',
      CustomerEntityType: 'Retail',
      Items: items,
      NextPageLink: skip + world.pageSize < rows.length ? next.href : null,
      Count: items.length,
    },
  };
};

type Filter = ReadonlyMap<string, string>;

const FIELDS = [
  'armRegionName',
  'armSkuName',
  'currencyCode',
  'meterName',
  'priceType',
  'productName',
  'serviceFamily',
  'serviceName',
  'skuName',
];

/** `field eq 'value' and …`, with the casing of Azure's own fields and values. Undefined: Azure would not take it, or the fake does not know it. */
const parseFilter = (text: string): Filter | undefined => {
  const filter = new Map<string, string>();
  for (const part of text === '' ? [] : text.split(' and ')) {
    const { field = '', value = '' } = /^(?<field>\w+) eq '(?<value>[^']*)'$/.exec(part)?.groups ?? {};
    if (!FIELDS.includes(field)) return undefined;
    filter.set(field === 'priceType' ? 'type' : field, value);
  }
  return filter;
};

const rowsOf = (world: World): readonly Row[] => {
  const sold = new Map([...fixed, ...world.prices].map((price) => [`${price.size} ${price.region}`, price]));
  return [...sold.values()].flatMap(rowsFor);
};

/** With what is easily taken for the price of a Linux machine, and with that twice: by a second meter, which is dearer. */
const rowsFor = ({ size, region, usd, spotUSD }: Price): readonly Row[] => {
  const short = size.replace(/^Standard_/, '').replaceAll('_', ' ');
  const windowsUSD = rounded(usd + WINDOWS_USD * Number(/\d+/.exec(short)?.[0] ?? 0));
  const product = `Virtual Machines ${short.replace(/\d+/, '')} Series`;
  const row = (productName: string, kind: string, retailPrice: number, more: Row = {}): Row => ({
    currencyCode: 'USD',
    tierMinimumUnits: 0,
    retailPrice,
    unitPrice: retailPrice,
    armRegionName: region,
    location: region,
    effectiveStartDate: '2026-01-01T00:00:00Z',
    meterId: `${size}-${region}-${productName}-${kind}`,
    meterName: `${short}${kind}`,
    productId: 'DZH318Z00000',
    skuId: 'DZH318Z00000/0000',
    productName,
    skuName: `${short}${kind}`,
    serviceName: 'Virtual Machines',
    serviceId: 'DZH313Z7MMC8',
    serviceFamily: 'Compute',
    unitOfMeasure: '1 Hour',
    type: 'Consumption',
    isPrimaryMeterRegion: true,
    armSkuName: size,
    ...more,
  });
  return [
    row(`${product} Windows`, '', windowsUSD),
    row(`${product} Windows`, ' Spot', rounded(windowsUSD * DISCOUNT)),
    row(`${product} Windows`, ' Low Priority', rounded(windowsUSD * DISCOUNT)),
    row(`${product} Windows`, '', usd, { type: 'DevTestConsumption' }),
    row(product, '', rounded(usd * 24 * 365 * 0.6), { type: 'Reservation', reservationTerm: '1 Year' }),
    row(product, '', rounded(usd * 1.2), { isPrimaryMeterRegion: false }),
    row(product, '', usd),
    row(product, ' Spot', spotUSD),
    row(product, ' Low Priority', rounded(spotUSD / 2)),
  ];
};
