// Prices, and that none is made up.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { poolSizes } from '../../../controller/api/sizes.ts';
import { hourlyPrice, type Price, priceKey, priceOf } from '../../../controller/provider/azure/prices.ts';
import { azurePool } from './azure-said.ts';

const test = suite('azure provider: prices');

const built = (sku: string, region: string): number | undefined => priceOf(new Map(), { sku, region })?.regular;

test('a price is that of the SKU in the region', () => {
  const prices = (['westus3', 'eastus', 'westeurope'] as const).map((region) => built('Standard_E16s_v5', region));
  assert.equal(prices, [10_080, 10_080, 12_160]);
});

test('every SKU of the built-in sizes has a price in both regions of the tutorial', () => {
  const sizes = poolSizes(azurePool({}, { sizes: [{ name: 's' }, { name: 'm' }, { name: 'l' }, { name: 'xl' }] }).spec);
  for (const sku of sizes.flatMap(({ skus }) => skus)) {
    for (const region of ['westus3', 'eastus']) assert.type(built(sku, region), 'number', `${sku} ${region}`);
  }
});

test('an unknown SKU or region has none, nor has one whose known price is doubtful', () => {
  assert.is(built('Standard_E16s_v5', 'moon1'), undefined);
  assert.is(built('Standard_M128', 'westus3'), undefined);
  assert.is(built('constructor', 'westus3'), undefined);
  assert.is(built('Standard_E8as_v5', 'westus3'), undefined, 'prices with a Windows licence are mixed in');
});

test('what was read comes before what is built in', () => {
  const of = { sku: 'Standard_E16s_v5', region: 'westus3' };
  assert.equal(priceOf(new Map([[priceKey(of), { regular: 1, spot: 1 }]]), of), { regular: 1, spot: 1 });
  assert.equal(priceOf(new Map([[priceKey(of), { regular: 1 }]]), { ...of, region: 'eastus' }), { regular: 10_080 });
});

const SPOT: readonly (readonly [price: Price, costs: number])[] = [
  [{ regular: 10_000, spot: 2000 }, 2000],
  [{ regular: 10_000 }, 10_000],
  [{ regular: 10_000, spot: 11_000 }, 10_000],
];

test('a Spot machine costs its own price, and never more than a regular one', () => {
  for (const [price, costs] of SPOT) {
    assert.is(hourlyPrice(price, 'Spot'), costs, JSON.stringify(price));
    assert.is(hourlyPrice(price, 'Regular'), 10_000);
  }
});

test.run();
