// Prices as they are told by the Retail Prices API: read from the fake by https, and from servers that are no good; what a pool
// with a budget makes of them, by a real controller.
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findCondition } from '../../controller/api/condition.ts';
import type { VM } from '../../controller/api/types.generated.ts';
import { createLivePrices } from '../../controller/provider/azure/live-prices.ts';
import { priceReader } from '../../controller/provider/azure/read-price.ts';
import { openRealWorld, type RealWorld } from '../e2e/real-world.ts';
import type { Fault } from '../fakes/azure/faults.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { until } from '../fakes/until.ts';
import { type AzureWorld, environmentFor, openAzureWorld, rowOf, untilMachine, vmOf } from './provider-world.ts';

const test = suite('azure: prices');
const { signal } = new AbortController();
/** In no table of Berth's, and sold by the fake. */
const UNLISTED = 'Standard_D16as_v6';
const LISTED = 'Standard_E16s_v5';
const PRICES = { type: 'Microsoft.Commerce/retailPrices' };
let world: AzureWorld;
let count = 0;

test.before(async () => {
  world = await openAzureWorld();
});
test.after(() => world.close());
test.after.each(() => world.control.clearRules());

const poolFor = (skus: readonly string[], azure: Parameters<AzureWorld['poolOf']>[1] = {}) => {
  const pool = world.poolOf(`prices-${++count}`, azure);
  return { ...pool, spec: { ...pool.spec, sizes: [{ name: 'l' as const, skus }] } };
};
const newVM = (): VM => vmOf(`prices-${count}-0`, `${count.toString(16).padStart(8, '0')}-0000-4000-8000-00000000ffff`);
const asked = async (after = 0): Promise<readonly string[]> =>
  (await world.requests(after)).filter(({ path }) => path === '/api/retail/prices').map(({ query }) => decodeURIComponent(query));
/** What it comes to, in words. */
const saidOf = (reading: Promise<unknown>): Promise<string> => reading.then(String, String);
const place = () => ({ endpoint: world.fake.url, caFile: world.fake.caFile });

test('a SKU in a region has its price for Linux, and that of a Spot machine; one that is not sold has none', async () => {
  await world.control.tell({ kind: 'price', region: 'moon1', size: LISTED, usd: 3, spotUSD: 0.5 });
  const read = priceReader(place());
  assert.equal(await read({ sku: UNLISTED, region: 'westus3' }), { regular: 7260, spot: 1452 });
  assert.equal(await read({ sku: LISTED, region: 'moon1' }), { regular: 30_000, spot: 5000 });
  assert.is(await read({ sku: 'Standard_Unheard', region: 'westus3' }), undefined);
});

test('a price that is spread over pages is read from all of them', async () => {
  await world.control.settings({ pageSize: 2 });
  const from = (await world.requests()).at(-1)?.number ?? 0;
  assert.equal(await priceReader(place())({ sku: LISTED, region: 'westus3' }), { regular: 10_080, spot: 2016 });
  await world.control.settings({ pageSize: 100 });
  assert.is((await asked(from)).length, 4);
});

test('what stands in for Azure is asked by its certificate, and says why where it can not be', async () => {
  const untrusted = await saidOf(priceReader({ endpoint: world.fake.url })({ sku: LISTED, region: 'westus3' }));
  assert.match(untrusted, `cannot read the price of ${LISTED} in westus3 from ${world.fake.url}: `);
  assert.match(untrusted, /certificate/);
  assert.match(untrusted, /let the controller reach it by HTTPS; until then the prices known so far are used, or those of 2026-06-18$/);
});

const page = (more: object): string => JSON.stringify({ Items: [], ...more });
const ODD: readonly (readonly [what: string, listener: RequestListener, says: RegExp])[] = [
  ['an error', (_, to) => void to.writeHead(500).end('oh'), /HTTP status 500/],
  ['a redirect', (_, to) => void to.writeHead(302, { location: '/elsewhere' }).end(), /HTTP status 302/],
  ['no JSON', (_, to) => void to.end('<html>'), /JSON/],
  ['other JSON', (_, to) => void to.end('[]'), /no page of prices/],
  [
    'a page elsewhere',
    (_, to) => void to.end(page({ NextPageLink: 'https://elsewhere.example/' })),
    /elsewhere, at https:\/\/elsewhere\.example/,
  ],
  ['a page without an address', (_, to) => void to.end(page({ NextPageLink: 'https://' })), /Invalid URL/],
  ['pages without an end', (_, to) => void to.end(page({ NextPageLink: '/api/retail/prices' })), /more than 10 pages/],
  ['too much', (_, to) => void to.end(page({ NextPageLink: 'x'.repeat(5 * 1024 * 1024) })), /size/i],
  ['half of it', (_, to) => void to.writeHead(200, { 'content-length': 100 }).write('{', () => to.destroy()), /: \S.*; let/],
];

test('a server that is no good is told of, and not followed', async () => {
  for (const [what, listener, says] of ODD) {
    const server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const said = await saidOf(priceReader({ endpoint })({ sku: LISTED, region: 'westus3' }));
    assert.match(said, says, what);
    server.close();
  }
});

test('each SKU is asked for once a day; where that fails again after a minute, then later and later, and it is told once', async () => {
  const clock = createFakeClock();
  const told: string[] = [];
  const seen: string[] = [];
  let isDown = false;
  const prices = createLivePrices({
    clock,
    read: async ({ sku, region }) => {
      seen.push(`${sku} ${region}`);
      if (isDown && sku === 'a') throw new Error('down');
      return sku === 'c' ? undefined : { regular: seen.length };
    },
    onProblem: (problem) => told.push(problem),
  });
  /** What is asked for when that much time has passed. */
  const after = async (minutes: number): Promise<readonly string[]> => {
    await clock.advance(minutes * 60_000);
    seen.length = 0;
    prices.refresh('r', ['a', 'b', 'c']);
    prices.refresh('r', ['a', 'b', 'c']);
    await clock.advance(0);
    return [...seen];
  };
  const all = ['a r', 'b r', 'c r'];
  assert.equal([await after(0), await after(24 * 60 - 1), await after(1)], [all, [], all]);
  assert.equal(
    [...prices.known],
    [
      ['a r', { regular: 1 }],
      ['b r', { regular: 2 }],
    ],
  );
  isDown = true;
  assert.equal(await after(24 * 60), all);
  assert.equal([await after(0.5), await after(0.5), await after(1), await after(1)], [[], ['a r'], [], ['a r']]);
  assert.equal([prices.known.get('a r'), told], [{ regular: 1 }, ['down']], 'what was known stays');
  isDown = false;
  assert.equal(await after(60), ['a r']);
  isDown = true;
  await after(24 * 60);
  assert.equal(told, ['down', 'down'], 'it had worked in between');
});

test('a region outside of the table is offered at its price once that was read; a Spot machine at its own', async () => {
  await world.control.tell({ kind: 'price', region: 'westus3', size: LISTED, usd: 1.1, spotUSD: 0.3 });
  const pool = poolFor([UNLISTED, LISTED], { priority: 'Spot' });
  const provider = world.open(pool);
  const prices = (sku: string) => {
    const row = rowOf(provider.offerings(pool), sku, 'westus3');
    return [row?.hourlyUSD, row?.mostHourlyUSD];
  };
  assert.equal(
    [prices(UNLISTED), prices(LISTED)],
    [
      [undefined, undefined],
      ['1.008', undefined],
    ],
    'until then the table',
  );
  await until(() => prices(LISTED)[0] === '0.3', 'the price');
  assert.equal(
    [prices(UNLISTED), prices(LISTED)],
    [
      ['0.1452', '0.726'],
      ['0.3', '1.1'],
    ],
  );
  const vm = newVM();
  await provider.create(vm, pool, signal);
  const machine = await untilMachine(provider, pool, vm, 'running');
  assert.equal([machine?.sku, machine?.hourlyUSD], [UNLISTED, '0.1452']);
  const [bill] = (await world.control.bill()).rows.filter(({ vm: name }) => name === world.machine(vm));
  assert.is(bill?.usdPerHour, 0.1452, 'which is what is billed');
});

const NO_GOOD: readonly Fault[] = [
  { kind: 'http5xx' },
  { kind: 'throttle' },
  { kind: 'badJson' },
  { kind: 'truncateBody' },
  { kind: 'dropBefore' },
  { kind: 'redirect', to: '/elsewhere' },
  { kind: 'hang' },
];

for (const fault of NO_GOOD) {
  test(`where prices can not be had (${fault.kind}) machines are made all the same, at the prices of the table`, async () => {
    await world.control.rule({ match: PRICES, fault });
    await world.control.tell({ kind: 'price', region: 'eastus', size: LISTED, usd: 1.1 });
    const from = (await world.requests()).at(-1)?.number ?? 0;
    const pool = poolFor([LISTED], { regions: ['eastus'] });
    const problems: string[] = [];
    const provider = world.open(pool, { onPriceProblem: (problem) => problems.push(problem) });
    provider.offerings(pool);
    await until(async () => (await asked(from)).length > 0, 'the question');
    const vm = newVM();
    await provider.create(vm, pool, signal);
    assert.is((await untilMachine(provider, pool, vm, 'running'))?.hourlyUSD, '1.008');
    const row = rowOf(provider.offerings(pool), LISTED, 'eastus');
    assert.equal([row?.hourlyUSD, typeof row?.room], ['1.008', 'number'], 'and quotas are read');
    if (fault.kind !== 'hang') await until(() => problems.length === 1, 'that it is told');
  });
}

test('a pool with a budget grows by a SKU outside of the table, and a restart writes no VM for its price', async () => {
  Object.assign(process.env, environmentFor(world.fake));
  const real: RealWorld = await openRealWorld();
  try {
    let controller = real.startController();
    const azure = { regions: ['westus2'], network: { allowSSHFrom: ['127.0.0.1/32'] } };
    const sizes = [{ name: 'l' as const, skus: [UNLISTED] }];
    await real.apply('VMPool', 'thrifty', { provider: { type: 'Azure', azure }, sizes, minVMs: 2, budget: { maxHourlyUSD: '1' } });
    await real.apply('Session', 'one', { poolRef: { name: 'thrifty' }, command: ['true'], memoryMiB: 100_000 });
    await real.apply('Session', 'two', { poolRef: { name: 'thrifty' }, command: ['true'], memoryMiB: 100_000 });
    const vms = async (): Promise<readonly VM[]> => real.client.list('VM');
    await until(async () => (await vms())[0]?.status?.hourlyUSD !== undefined, 'a VM with a price');
    const waits = async () => {
      const sessions = await real.client.list('Session');
      return sessions.flatMap(({ status }) => findCondition(status?.conditions, 'Placed')?.reason ?? []).sort();
    };
    await until(async () => (await waits()).includes('BudgetExceeded'), 'the second to wait for the budget');
    assert.equal(
      (await vms()).map(({ status }) => [status?.sku, status?.hourlyUSD]),
      [[UNLISTED, '0.726']],
    );
    await world.control.tell({ kind: 'price', region: 'westus2', size: UNLISTED, usd: 0.8 });
    controller.kill();
    await once(controller, 'exit');
    const from = (await world.requests()).at(-1)?.number ?? 0;
    controller = real.startController();
    await until(async () => (await asked(from)).length > 0, 'the prices to be read again');
    await until(
      async () =>
        (await real.client.list('Session')).some(({ status }) =>
          findCondition(status?.conditions, 'Placed')?.message.includes('0.8 USD/h'),
        ),
      'the new price to be told',
    );
    assert.equal(
      (await vms()).map(({ status }) => [status?.sku, status?.hourlyUSD]),
      [[UNLISTED, '0.726']],
    );
  } finally {
    await real.close();
  }
});

test.run();
