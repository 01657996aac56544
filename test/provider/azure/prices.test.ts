// Prices, and that none is made up.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatMoney } from '../../../controller/api/money.ts';
import { poolSizes } from '../../../controller/api/sizes.ts';
import { hourlyPrice } from '../../../controller/provider/azure/prices.ts';
import { azurePool } from './azure-said.ts';

const test = suite('azure provider: prices');

test('a price is that of the SKU in the region', () => {
  assert.equal(
    (['westus3', 'eastus', 'westeurope'] as const).map((region) => formatMoney(hourlyPrice('Standard_E16s_v5', region) ?? 0)),
    ['1.008', '1.008', '1.216'],
  );
});

test('every SKU of the built-in sizes has a price in both regions of the tutorial', () => {
  const sizes = poolSizes(azurePool({}, { sizes: [{ name: 's' }, { name: 'm' }, { name: 'l' }, { name: 'xl' }] }).spec);
  for (const sku of sizes.flatMap(({ skus }) => skus)) {
    for (const region of ['westus3', 'eastus']) assert.type(hourlyPrice(sku, region), 'number', `${sku} ${region}`);
  }
});

test('an unknown SKU or region has none, nor has one whose known price is doubtful', () => {
  assert.is(hourlyPrice('Standard_E16s_v5', 'moon1'), undefined);
  assert.is(hourlyPrice('Standard_M128', 'westus3'), undefined);
  assert.is(hourlyPrice('constructor', 'westus3'), undefined);
  assert.is(hourlyPrice('Standard_E8as_v5', 'westus3'), undefined, 'prices with a Windows licence are mixed in');
});

test.run();
