// What the Retail Prices API is asked, and what its answers mean: also those that nobody expects.
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pageOf, pricesPath, retailPrice } from '../../../controller/provider/azure/retail-prices.ts';

const test = suite('azure provider: retail prices');

const ASKED = { sku: 'Standard_E16s_v5', region: 'westus3' };
/** A row as Azure has them. */
const row = (more: object = {}): object => ({
  currencyCode: 'USD',
  retailPrice: 1.008,
  unitOfMeasure: '1 Hour',
  type: 'Consumption',
  armRegionName: 'westus3',
  armSkuName: 'Standard_E16s_v5',
  skuName: 'E16s v5',
  meterName: 'E16s v5',
  productName: 'Virtual Machines Esv5 Series',
  ...more,
});
const SPOT = { skuName: 'E16s v5 Spot', meterName: 'E16s v5 Spot' };

test('asks for one SKU in one region, in a filter of its own casing', () => {
  const url = new URL(pricesPath({ sku: 'Standard_D8s_v5', region: 'westus3' }), 'https://prices.example');
  assert.is(url.pathname, '/api/retail/prices');
  assert.is(url.searchParams.get('api-version'), '2023-01-01-preview');
  assert.is(
    url.searchParams.get('$filter'),
    "priceType eq 'Consumption' and currencyCode eq 'USD' and serviceFamily eq 'Compute' and serviceName eq 'Virtual Machines' and armRegionName eq 'westus3' and armSkuName eq 'Standard_D8s_v5'",
  );
});

const ROWS: readonly (readonly [what: string, items: readonly unknown[], is: ReturnType<typeof retailPrice>])[] = [
  ['both prices', [row(), row({ ...SPOT, retailPrice: 0.2 })], { regular: 10_080, spot: 2000 }],
  ['no Spot price', [row()], { regular: 10_080 }],
  ['a Spot price alone: nobody knows what it may come to', [row(SPOT)], undefined],
  ['nothing', [], undefined],
  ['Windows is another price', [row({ productName: 'Virtual Machines Esv5 Series Windows', retailPrice: 0.1 })], undefined],
  ['Low Priority is not Spot', [row({ skuName: 'E16s v5 Low Priority', meterName: 'E16s v5 Low Priority', retailPrice: 0.1 })], undefined],
  ['the cheapest meter', [row({ retailPrice: 3 }), row(), row({ retailPrice: 2 })], { regular: 10_080 }],
  [
    'the cheapest Spot meter',
    [row(), row({ ...SPOT, retailPrice: 0.3 }), row({ ...SPOT, retailPrice: 0.2 })],
    { regular: 10_080, spot: 2000 },
  ],
  ['another SKU', [row({ armSkuName: 'Standard_E16s_v6' })], undefined],
  ['another casing', [row({ armSkuName: 'standard_e16s_v5' })], undefined],
  ['another region', [row({ armRegionName: 'eastus' })], undefined],
  ['another unit', [row({ unitOfMeasure: '1 Month' })], undefined],
  ['another currency', [row({ currencyCode: 'EUR' })], undefined],
  ['a reservation', [row({ type: 'Reservation' })], undefined],
  ['for nothing', [row({ retailPrice: 0 })], undefined],
  ['less than nothing', [row({ retailPrice: -1 })], undefined],
  ['absurdly dear', [row({ retailPrice: 1e9 })], undefined],
  ['less than can be told', [row({ retailPrice: 1e-9 })], { regular: 1 }],
  ['rounded', [row({ retailPrice: 0.38404 })], { regular: 3840 }],
  ['a price in words', [row({ retailPrice: '1' })], undefined],
  ['not a number', [row({ retailPrice: Number.NaN })], undefined],
  ['no name', [row({ skuName: null })], undefined],
  ['rows that are none', [null, 'row', 1, [], row()], { regular: 10_080 }],
];

test('of its rows the price of a Linux machine is taken, and nothing from what is not as it should be', () => {
  for (const [what, items, is] of ROWS) assert.equal(retailPrice(items, ASKED), is, what);
});

test('an answer is a page of rows, or nothing', () => {
  assert.equal(pageOf({ Items: [1], NextPageLink: 'https://next', Count: 1 }), { items: [1], next: 'https://next' });
  for (const next of [null, '', 7, undefined]) assert.equal(pageOf({ Items: [], NextPageLink: next }), { items: [], next: undefined });
  for (const answer of [undefined, null, 'text', 1, [], {}, { Items: 'many' }, { items: [] }]) assert.is(pageOf(answer), undefined);
});

test('whatever comes, there is a price that can be written, or none', () => {
  const odd = fc.oneof(
    fc.anything(),
    fc.record({ retailPrice: fc.double() }).map(row),
    fc.record({ retailPrice: fc.double() }).map((one) => row({ ...SPOT, ...one })),
  );
  fc.assert(
    fc.property(fc.array(odd), (items) => {
      const price = retailPrice(items, ASKED);
      for (const one of Object.values(price ?? {})) assert.ok(Number.isInteger(one) && one > 0 && one < 1e10);
    }),
  );
});

test.run();
