// What a pool is offered, and which way of asking for a machine comes next.
import type { Usage } from '@azure/arm-compute';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { timestamp } from '../../../controller/api/clock.ts';
import { poolSizes } from '../../../controller/api/sizes.ts';
import type { VMPoolSpec } from '../../../controller/api/types.generated.ts';
import { classifyError } from '../../../controller/provider/azure/classify-error.ts';
import { addBlock, type Blocks, blockOf } from '../../../controller/provider/azure/cool-downs.ts';
import { azureSettings } from '../../../controller/provider/azure/settings.ts';
import { builtInFacts, type SKUFacts } from '../../../controller/provider/azure/sku-facts.ts';
import { factsOf, type Market, nextCandidate, offeringsOf } from '../../../controller/provider/azure/walk.ts';
import { azurePool, azureSays } from './azure-said.ts';

const test = suite('azure provider: offerings');

const NOW = Date.parse('2026-01-01T12:00:00Z');
type AzureSpec = NonNullable<VMPoolSpec['provider']['azure']>;

const market = (azure: Partial<AzureSpec> = {}, more: Partial<Market> = {}, sizes: VMPoolSpec['sizes'] = [{ name: 'l' }]): Market => {
  const of = azurePool(azure, { sizes });
  return {
    settings: azureSettings(of),
    sizes: poolSizes(of.spec),
    skus: new Map(),
    usages: new Map(),
    inFlight: [],
    blocks: [],
    prices: new Map(),
    hasBudget: false,
    now: NOW,
    ...more,
  };
};
const list = (...facts: readonly (Partial<SKUFacts> & { sku: string })[]) =>
  new Map(facts.map((one) => [one.sku.toLowerCase(), { ...builtInFacts(one.sku), zones: [], ephemeral: [], ...one }]));
const usage = (value: string, currentValue: number, limit: number): Usage => ({ unit: 'Count', currentValue, limit, name: { value } });
const L = { size: 'l' };
const ONE: VMPoolSpec['sizes'] = [{ name: 'l', skus: ['Standard_E16s_v5'] }];
/** Asks again and again, as the provider does when Azure refuses each time; the ways it asked. */
const refuseAll = (of: Market, id: string): readonly string[] => {
  const tried: string[] = [];
  let blocks: Blocks = of.blocks;
  for (;;) {
    const candidate = nextCandidate({ ...of, blocks }, L);
    if (!candidate || tried.length > 50) return tried;
    tried.push([candidate.sku.replace('Standard_', ''), candidate.region, candidate.zone, candidate.priority].filter(Boolean).join(' '));
    const asked = { ...candidate, name: 'berth-0', facts: factsOf(of, candidate) };
    const block = blockOf(classifyError(azureSays(id), asked), asked, NOW);
    if (!block) throw new Error(`${id} blocks nothing`);
    blocks = addBlock(blocks, block, NOW);
  }
};

test('with nothing read and nothing refused, all is offered, in the order of the pool, with its price', () => {
  const offered = offeringsOf(
    market({}, {}, [
      { name: 's', skus: ['Standard_D8s_v3', 'Standard_New'] },
      { name: 'l', skus: ['Standard_E16s_v5'] },
    ]),
  );
  assert.equal(offered, [
    { size: 's', sku: 'Standard_D8s_v3', region: 'westus3', hourlyUSD: '0.384', available: true },
    { size: 's', sku: 'Standard_New', region: 'westus3', available: true },
    { size: 's', sku: 'Standard_D8s_v3', region: 'eastus', hourlyUSD: '0.384', available: true },
    { size: 's', sku: 'Standard_New', region: 'eastus', available: true },
    { size: 'l', sku: 'Standard_E16s_v5', region: 'westus3', hourlyUSD: '1.008', available: true },
    { size: 'l', sku: 'Standard_E16s_v5', region: 'eastus', hourlyUSD: '1.008', available: true },
  ]);
});

const PRICED: Partial<Market> = {
  prices: new Map([
    ['Standard_New westus3', { regular: 7000, spot: 1000 }],
    ['Standard_E16s_v5 westus3', { regular: 10_090, spot: 20_000 }],
  ]),
};

test('what was read comes before what is built in, and one that was not is offered without a price', () => {
  const sizes: VMPoolSpec['sizes'] = [{ name: 'l', skus: ['Standard_New', 'Standard_E16s_v5', 'Standard_Newer'] }];
  const prices = (azure: Partial<AzureSpec>, more: Partial<Market> = {}) =>
    offeringsOf(market({ regions: ['westus3'], ...azure }, { ...PRICED, ...more }, sizes)).map((one) => [one.hourlyUSD, one.mostHourlyUSD]);
  assert.equal(prices({}), [
    ['0.7', undefined],
    ['1.009', undefined],
    [undefined, undefined],
  ]);
  const none = [undefined, undefined];
  assert.equal(
    prices({ priority: 'Spot' }),
    [['0.1', '0.7'], ['1.009', undefined], none],
    'a Spot machine never costs more than a regular one',
  );
  const noSpot = new Map([['westus3', list({ sku: 'Standard_New', spot: false })]]);
  assert.equal(prices({ priority: 'Spot' }, { skus: noSpot })[0], ['0.7', undefined], 'where it will be a regular one');
});

test('in a pool with a budget nothing is asked for whose price is not known', () => {
  const sizes: VMPoolSpec['sizes'] = [{ name: 'l', skus: ['Standard_Newer', 'Standard_New'] }];
  const next = (hasBudget: boolean, prices = PRICED.prices ?? new Map()) =>
    nextCandidate(market({ regions: ['westus3'] }, { prices, hasBudget }, sizes), L)?.sku;
  assert.equal([next(false), next(true), next(true, new Map())], ['Standard_Newer', 'Standard_New', undefined]);
});

test("a family's quota is looked for in the pool's other families, then in its other regions", () => {
  assert.equal(refuseAll(market(), 'quota_family'), [
    'E16s_v5 westus3 Regular',
    'E16as_v6 westus3 Regular',
    'E16s_v6 westus3 Regular',
    'E16s_v5 eastus Regular',
    'E16as_v6 eastus Regular',
    'E16s_v6 eastus Regular',
  ]);
});

test("a region's quota is looked for in the pool's other regions", () => {
  assert.equal(refuseAll(market(), 'quota_regional'), ['E16s_v5 westus3 Regular', 'E16s_v5 eastus Regular']);
});

test('capacity is looked for zone by zone, in the order of the pool', () => {
  assert.equal(refuseAll(market({ regions: ['westus3'], zones: ['2', '1'] }, {}, ONE), 'zonal_allocation_failed'), [
    'E16s_v5 westus3 2 Regular',
    'E16s_v5 westus3 1 Regular',
  ]);
});

test('a pool of Spot machines asks for regular ones in a region where Spot is not to be had, before it goes elsewhere', () => {
  assert.equal(refuseAll(market({ priority: 'Spot' }), 'sku_not_available_spot').slice(0, 4), [
    'E16s_v5 westus3 Spot',
    'E16as_v6 westus3 Spot',
    'E16s_v6 westus3 Spot',
    'E16s_v5 westus3 Regular',
  ]);
  assert.equal(refuseAll(market({ priority: 'Spot', regions: ['westus3'] }), 'quota_spot').slice(0, 2), [
    'E16s_v5 westus3 Spot',
    'E16s_v5 westus3 Regular',
  ]);
});

test('a VM that names its region is asked for nowhere else, one of a size that the pool has not at all', () => {
  assert.is(nextCandidate(market(), { ...L, region: 'eastus' })?.region, 'eastus');
  assert.is(nextCandidate(market(), { ...L, region: 'moon1' }), undefined);
  assert.is(nextCandidate(market(), { size: 's' }), undefined);
});

test('a region that refused shows why and when it is tried again; the other one is offered', () => {
  const of = market({}, {}, ONE);
  const asked = {
    name: 'berth-0',
    sku: 'Standard_E16s_v5',
    region: 'westus3',
    zone: undefined,
    priority: 'Regular',
    facts: builtInFacts('Standard_E16s_v5'),
  } as const;
  const block = blockOf(classifyError(azureSays('quota_family'), asked), asked, NOW);
  const [west, east] = offeringsOf({ ...of, blocks: block ? [block] : [] });
  assert.equal([west?.available, west?.reason, west?.retryTime, east?.available], [false, 'QuotaExceeded', timestamp(NOW + 600_000), true]);
  assert.match(west?.message ?? '', 'limit 100, 96 in use, 16 more needed');
});

test('of several ways that are closed, the one that opens first is told', () => {
  const of = market({ regions: ['westus3'], zones: ['1', '2'] }, {}, ONE);
  const block = (zone: '1' | '2', minutes: number) =>
    ({
      scope: 'sku',
      region: 'westus3',
      zone,
      sku: 'standard_e16s_v5',
      until: NOW + minutes * 60_000,
      reason: 'SKUNotAvailable',
      message: zone,
    }) as const;
  const [offering] = offeringsOf({ ...of, blocks: [block('1', 30), block('2', 10)] });
  assert.equal([offering?.message, offering?.retryTime], ['2', timestamp(NOW + 600_000)]);
  const [forever] = offeringsOf({
    ...of,
    blocks: [block('1', 30)],
    skus: new Map([['westus3', list({ sku: 'Standard_E16s_v5', zones: ['1'] })]]),
  });
  assert.is(forever?.message, '1', 'one that never opens is told last');
});

test("by Azure's counts a quota without room is not asked for, with the numbers and when they are read again", () => {
  const counts = [usage('cores', 90, 100), usage('standardESv5Family', 0, 10)];
  const of = market({}, { usages: new Map([['westus3', { counts, nextReadAt: NOW + 60_000 }]]) }, ONE);
  const [west, east] = offeringsOf(of);
  assert.equal([west?.available, west?.reason, west?.retryTime], [false, 'QuotaExceeded', timestamp(NOW + 60_000)]);
  assert.match(
    west?.message ?? '',
    'Azure quota exceeded in region westus3: cores: limit 100, 90 in use, 16 more needed for Standard_E16s_v5;',
  );
  assert.is(east?.available, true, 'what is not counted is tried');
  assert.is(nextCandidate(of, L)?.region, 'eastus');
});

test('room is what the quotas leave, of both prices together, and unknown where one is', () => {
  const counts = [usage('cores', 0, 50), usage('lowPriorityCores', 0, 16)];
  const usages = new Map([['westus3', { counts, nextReadAt: NOW }]]);
  const rooms = (azure: Partial<AzureSpec>, of = usages) =>
    offeringsOf(market({ regions: ['westus3'], ...azure }, { usages: of }, ONE)).map(({ room }) => room);
  assert.equal(rooms({}), [3]);
  assert.equal(rooms({ zones: ['1', '2', '3'] }), [3], 'zones share them');
  assert.equal(rooms({ priority: 'Spot' }), [4]);
  assert.equal(rooms({ priority: 'Spot' }, new Map([['westus3', { counts: [usage('cores', 0, 50)], nextReadAt: NOW }]])), [undefined]);
});

test('who would be one too many is told of the quota that bounds the room, as it will be then', () => {
  const usages = new Map([['westus3', { counts: [usage('cores', 20, 60)], nextReadAt: NOW }]]);
  assert.match(
    offeringsOf(market({ regions: ['westus3'] }, { usages }, ONE))[0]?.limit ?? '',
    /limit 60, 52 in use, 16 more needed for Standard_E16s_v5/,
  );
  assert.is(offeringsOf(market({ regions: ['westus3'] }, {}, ONE))[0]?.limit, undefined);
});

test('what is on its way takes room', () => {
  const usages = new Map([['westus3', { counts: [usage('cores', 0, 32)], nextReadAt: NOW }]]);
  const inFlight = [{ region: 'westus3', priority: 'Regular', facts: builtInFacts('Standard_E16s_v5') } as const];
  assert.is(offeringsOf(market({}, { usages, inFlight }, ONE))[0]?.room, 1);
  assert.is(offeringsOf(market({}, { usages, inFlight: [...inFlight, ...inFlight] }, ONE))[0]?.available, false);
});

test("a SKU that Azure's list bars, or has not, is not asked for", () => {
  const skus = new Map([['westus3', list({ sku: 'Standard_E16s_v5', restricted: true })]]);
  const [west, east] = offeringsOf(market({}, { skus }, ONE));
  assert.equal(
    [west?.available, west?.reason, west?.message, west?.retryTime],
    [
      false,
      'SKUNotAvailable',
      'Azure does not offer Standard_E16s_v5 in westus3 to this subscription; give the pool other SKUs or regions',
      undefined,
    ],
  );
  assert.is(east?.available, true);
  assert.is(offeringsOf(market({}, { skus: new Map([['westus3', list()]]) }, ONE))[0]?.available, false, 'the list does not have it');
  assert.is(
    factsOf({ skus: new Map([['westus3', list({ sku: 'STANDARD_E16S_V5', vCPUs: 3 })]]) }, { sku: 'Standard_E16s_v5', region: 'westus3' })
      .vCPUs,
    3,
  );
});

test('a zone that the SKU has not is passed over, and told where all are', () => {
  const skus = (zones: readonly string[]) => new Map([['westus3', list({ sku: 'Standard_E16s_v5', zones })]]);
  const azure: Partial<AzureSpec> = { regions: ['westus3'], zones: ['1', '2'] };
  assert.is(nextCandidate(market(azure, { skus: skus(['2', '3']) }, ONE), L)?.zone, '2');
  const told = (zones: readonly string[]) => offeringsOf(market(azure, { skus: skus(zones) }, ONE))[0]?.message;
  assert.is(
    told(['3']),
    "Azure does not offer Standard_E16s_v5 in zone 1 of westus3 to this subscription (only in 3); change the pool's zones",
  );
  assert.is(
    told([]),
    "Azure does not offer Standard_E16s_v5 in zone 1 of westus3 to this subscription (in no zone); change the pool's zones",
  );
});

test('a SKU without Spot machines is asked for as a regular one', () => {
  const skus = new Map([['westus3', list({ sku: 'Standard_E16s_v5', spot: false })]]);
  assert.is(nextCandidate(market({ priority: 'Spot' }, { skus }, ONE), L)?.priority, 'Regular');
});

test('a SKU without room for an ephemeral disk is not asked for where the pool wants one', () => {
  const skus = (sizeGiB: number) =>
    new Map([['westus3', list({ sku: 'Standard_E16s_v5', ephemeral: [{ placement: 'CacheDisk', sizeGiB }] })]]);
  const azure: Partial<AzureSpec> = { regions: ['westus3'], osDisk: { ephemeral: true, sizeGiB: 100 } };
  assert.is(nextCandidate(market(azure, { skus: skus(100) }, ONE), L)?.sku, 'Standard_E16s_v5');
  const message = 'Standard_E16s_v5 has no room for an ephemeral disk of 100 GiB; give the pool other SKUs or a smaller disk';
  assert.is(offeringsOf(market(azure, { skus: skus(99) }, ONE))[0]?.message, message);
  assert.is(offeringsOf(market(azure, {}, ONE))[0]?.available, true, 'before the list is read, it is tried');
});

test('a pool whose sizes have no SKU is offered nothing', () => {
  assert.equal(offeringsOf(market({}, {}, [{ name: 'l', skus: [] }])), []);
});

test('what is offered is what is asked for: the next is there exactly if something is available', () => {
  const worlds = fc.record({
    limit: fc.nat(64),
    restricted: fc.boolean(),
    spot: fc.boolean(),
    priority: fc.constantFrom('Spot' as const, 'Regular' as const),
    refusal: fc.constantFrom(undefined, 'quota_family', 'allocation_failed', 'quota_spot', 'quota_regional', 'authorization_failed'),
    region: fc.constantFrom(undefined, 'westus3', 'eastus'),
  });
  fc.assert(
    fc.property(worlds, ({ limit, restricted, spot, priority, refusal, region }) => {
      const counts = [usage('cores', 0, limit), usage('lowPriorityCores', 0, limit)];
      const of = market(
        { priority },
        {
          usages: new Map([['westus3', { counts, nextReadAt: NOW }]]),
          skus: new Map([['westus3', list({ sku: 'Standard_E16s_v5', restricted, spot })]]),
        },
      );
      const first = nextCandidate(of, L);
      const asked = first && { ...first, name: 'berth-0', facts: factsOf(of, first) };
      const block = refusal && asked ? blockOf(classifyError(azureSays(refusal), asked), asked, NOW) : undefined;
      const after = { ...of, blocks: block ? [block] : [] };
      const next = nextCandidate(after, { ...L, region });
      const open = offeringsOf(after).filter((offering) => offering.available && (region ?? offering.region) === offering.region);
      assert.is(next === undefined, open.length === 0);
      if (next) assert.ok(open.some((offering) => offering.sku === next.sku && offering.region === next.region));
    }),
  );
});

test.run();
