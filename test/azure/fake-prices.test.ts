// The fake's Retail Prices API, as whoever has no account asks it.

import { Agent, request } from 'undici';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type FakeAzure, startFakeAzure } from '../fakes/azure/start.ts';

const test = suite('fake Azure: prices');
const SKU = 'Standard_E16s_v5';
const ONE = `serviceName eq 'Virtual Machines' and armRegionName eq 'westus3' and armSkuName eq '${SKU}'`;
let fake: FakeAzure;
let dispatcher: Agent;

test.before(async () => {
  fake = await startFakeAzure();
  dispatcher = new Agent({ connect: { ca: fake.caPem } });
});
test.after(async () => {
  await dispatcher.destroy();
  await fake.stop();
});
test.before.each(() => fake.control.clearRules());

interface Answer {
  readonly Items: readonly Readonly<Record<string, unknown>>[];
  readonly NextPageLink: string | null;
  readonly Count: number;
}
const get = async (url: string): Promise<{ readonly status: number; readonly body: Answer }> => {
  const { statusCode, body } = await request(url, { dispatcher });
  return { status: statusCode, body: (await body.json()) as Answer };
};
const ask = (filter: string) => get(`${fake.url}/api/retail/prices?api-version=2023-01-01-preview&$filter=${encodeURIComponent(filter)}`);

test('asks for no token, and has all that is sold under a SKU, of whatever kind', async () => {
  const { status, body } = await ask(ONE);
  assert.equal([status, body.Count, body.NextPageLink], [200, 9, null]);
  assert.equal(
    body.Items.filter(({ type, productName }) => type === 'Consumption' && !String(productName).endsWith('Windows')).map((row) => [
      row.skuName,
      row.retailPrice,
      row.isPrimaryMeterRegion,
    ]),
    [
      ['E16s v5', 1.2096, false],
      ['E16s v5', 1.008, true],
      ['E16s v5 Spot', 0.2016, true],
      ['E16s v5 Low Priority', 0.1008, true],
    ],
  );
});

test('takes values as they are written, and refuses what is no filter of its', async () => {
  assert.is((await ask(ONE.replace(SKU, SKU.toLowerCase()))).body.Count, 0);
  assert.is((await ask(`${ONE} and priceType eq 'Reservation'`)).body.Count, 1);
  for (const filter of ["colour eq 'red'", 'armSkuName', `${ONE} or ${ONE}`, "armskuname eq 'x'"])
    assert.is((await ask(filter)).status, 400, filter);
});

test('comes in pages, each with the address of the next', async () => {
  await fake.control.settings({ pageSize: 4 });
  const counts: number[] = [];
  let { body } = await ask(ONE);
  counts.push(body.Count);
  while (body.NextPageLink !== null) {
    ({ body } = await get(body.NextPageLink));
    counts.push(body.Count);
  }
  await fake.control.settings({ pageSize: 100 });
  assert.equal(counts, [4, 4, 1]);
});

test('a price that is told holds from then on, and its requests have faults as others have', async () => {
  await fake.control.tell({ kind: 'price', region: 'moon1', size: SKU, usd: 2 });
  const { body } = await ask(`armRegionName eq 'moon1' and armSkuName eq '${SKU}'`);
  const linux = body.Items.filter(({ type, productName }) => type === 'Consumption' && !String(productName).endsWith('Windows'));
  assert.equal(
    linux.map(({ retailPrice }) => retailPrice),
    [2.4, 2, 0.4, 0.2],
  );
  await fake.control.rule({ match: { type: 'Microsoft.Commerce/retailPrices', region: 'moon1' }, fault: { kind: 'http5xx', status: 503 } });
  assert.is((await ask("armRegionName eq 'moon1'")).status, 503);
  assert.is((await ask(ONE)).status, 200);
});

test.run();
