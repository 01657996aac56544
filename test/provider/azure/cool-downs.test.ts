// What is not tried again for a while: how far a refusal reaches, how long it stands, and what a restart remembers.
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { timestamp } from '../../../controller/api/clock.ts';
import { type Asked, classifyError } from '../../../controller/provider/azure/classify-error.ts';
import { addBlock, type Block, blockFor, blockOf, blocksOf } from '../../../controller/provider/azure/cool-downs.ts';
import { asked, azureSays, facts } from './azure-said.ts';

const test = suite('azure provider: cool-downs');

const NOW = Date.parse('2026-01-01T12:00:00Z');
const MIN = 60_000;

const refused = (id: string, more: Partial<Asked> = {}): Block => {
  const block = blockOf(classifyError(azureSays(id), asked(more)), asked(more), NOW);
  if (!block) throw new Error(`${id} blocks nothing`);
  return block;
};
/** Whether one refusal keeps another candidate from being tried. */
const keeps = (block: Block, more: Partial<Asked>, at = NOW): boolean => {
  const candidate = asked(more);
  return blockFor([block], candidate, candidate.facts, at) !== undefined;
};
const sku = (name: string) => ({ sku: name, facts: facts({ sku: name }) });

test('a refusal that says nothing of what can be had blocks nothing', () => {
  assert.is(blockOf(classifyError(azureSays('conflict'), asked()), asked(), NOW), undefined);
});

test('a refused SKU keeps its larger sisters from being tried in that region, and nothing else', () => {
  const block = refused('allocation_failed');
  assert.equal([block.scope, block.reason, block.until], ['sku', 'SKUNotAvailable', NOW + 60 * MIN]);
  assert.ok(keeps(block, {}));
  assert.ok(keeps(block, { sku: 'STANDARD_E16S_V5', facts: facts() }), 'in whatever case');
  assert.ok(keeps(block, sku('Standard_E32s_v5')), 'a larger one of its family');
  assert.not(keeps(block, sku('Standard_E8s_v5')), 'a smaller one');
  assert.not(keeps(block, sku('Standard_E32s_v6')), 'a larger one of another family');
  assert.not(keeps(block, { region: 'eastus' }));
  assert.ok(keeps(block, { priority: 'Spot' }), 'without machines there are no Spot machines');
});

test('a SKU of unknown family and cores keeps nothing but itself from being tried', () => {
  const block = refused('allocation_failed', { sku: 'Standard_New', facts: facts({ sku: 'Standard_New' }) });
  assert.ok(keeps(block, sku('Standard_New')));
  assert.not(keeps(block, sku('Standard_Newer')));
  assert.not(keeps(refused('allocation_failed'), { sku: 'Standard_X', facts: facts({ sku: 'Standard_X', family: 'standardESv5Family' }) }));
});

test('a zone without capacity leaves the others, and a request for none', () => {
  const block = refused('zonal_allocation_failed', { zone: '1' });
  assert.ok(keeps(block, { zone: '1' }));
  assert.not(keeps(block, { zone: '2' }));
  assert.not(keeps(block, {}));
});

test('a Spot machine that is not to be had leaves regular ones', () => {
  const block = refused('sku_not_available_spot', { priority: 'Spot' });
  assert.ok(keeps(block, { priority: 'Spot' }));
  assert.not(keeps(block, {}));
  const quota = refused('quota_spot', { priority: 'Spot' });
  assert.ok(keeps(quota, { priority: 'Spot', ...sku('Standard_D8s_v3') }), 'no other Spot machine of the region either');
  assert.not(keeps(quota, { priority: 'Spot', region: 'eastus' }));
});

test("a family's quota leaves its smaller machines, unless there is none at all", () => {
  const some = refused('quota_family');
  assert.equal([some.scope, some.until], ['family', NOW + 10 * MIN]);
  assert.ok(keeps(some, sku('Standard_E32s_v5')));
  assert.not(keeps(some, sku('Standard_E8s_v5')));
  const said = azureSays('quota_family');
  const none = classifyError({ ...said, message: said.message.replace('Current Limit: 100', 'Current Limit: 0') }, asked());
  const block = blockOf(none, asked(), NOW);
  assert.ok(block && keeps(block, sku('Standard_E8s_v5')));
  assert.is(block?.until, NOW + 60 * MIN);
});

test('the quota of a family that is not known keeps the SKU itself from being tried', () => {
  const block = refused('quota_family', { sku: 'Standard_New', facts: facts({ sku: 'Standard_New' }) });
  assert.ok(keeps(block, sku('Standard_New')));
  assert.not(keeps(block, {}));
});

test("a region's quota leaves other regions, a login that fails leaves nothing", () => {
  assert.ok(keeps(refused('quota_regional'), sku('Standard_D8s_v3')));
  assert.not(keeps(refused('quota_regional'), { region: 'eastus' }));
  const denied = refused('authorization_failed');
  assert.is(denied.reason, 'ProviderNotReady');
  assert.ok(keeps(denied, { region: 'eastus', ...sku('Standard_D8s_v3') }));
});

test('a block stands until its time and no longer', () => {
  const block = refused('quota_family');
  assert.ok(keeps(block, {}, block.until - 1));
  assert.not(keeps(block, {}, block.until));
});

test('of several that apply, the one that stands longest is told', () => {
  const short = refused('quota_family');
  const long = refused('allocation_failed');
  const candidate = asked();
  assert.is(blockFor([short, long, refused('quota_regional')], candidate, candidate.facts, NOW), long);
});

test('of two refusals of the same, the longer one stands; what is over is forgotten', () => {
  const long = refused('allocation_failed');
  const short = { ...long, until: NOW + MIN };
  assert.equal(addBlock([long], short, NOW), [long]);
  assert.equal(addBlock([short], long, NOW), [long]);
  assert.equal(addBlock([short], refused('quota_family'), NOW), [short, refused('quota_family')]);
  const later = { ...long, region: 'eastus', until: NOW + 9 * MIN };
  assert.equal(addBlock([short], later, NOW + 2 * MIN), [later]);
});

test('a restart remembers what the status says of Azure, and finds out the rest again', () => {
  const retryTime = timestamp(NOW + 10 * MIN);
  const rows = [
    { sku: 'Standard_E16s_v5', region: 'westus3', available: false, reason: 'QuotaExceeded', retryTime },
    { sku: 'Standard_E16as_v6', region: 'westus3', available: false, reason: 'SKUNotAvailable', retryTime },
    { sku: 'Standard_E16s_v6', region: 'westus3', available: true, retryTime },
    { sku: 'Standard_D1', region: 'westus3', available: false, reason: 'QuotaExceeded', retryTime: timestamp(NOW - MIN) },
    { sku: 'Standard_D2', region: 'westus3', available: false, reason: 'QuotaExceeded' },
    { sku: 'Standard_D3', region: 'westus3', available: false, reason: 'VMFailed', retryTime },
    { sku: 'Standard_D4', region: 'westus3', available: false, reason: 'ProviderNotReady', retryTime },
  ];
  const blocks = blocksOf(rows, NOW);
  assert.equal(
    blocks.map((block) => [block.sku, block.region, block.reason, block.until, block.message]),
    [
      ['standard_e16s_v5', 'westus3', 'QuotaExceeded', NOW + 10 * MIN, 'Azure quota exceeded in region westus3 for Standard_E16s_v5'],
      ['standard_e16as_v6', 'westus3', 'SKUNotAvailable', NOW + 10 * MIN, 'Azure had no Standard_E16as_v6 in westus3'],
    ],
  );
  const candidate = asked();
  assert.ok(blockFor(blocks, candidate, candidate.facts, NOW));
  assert.equal(blocksOf(undefined, NOW), []);
});

test('never does a refusal fail to keep away what was refused', () => {
  const blocking = [
    'quota_family',
    'quota_regional',
    'quota_spot',
    'allocation_failed',
    'zonal_allocation_failed',
    'overconstrained',
    'sku_not_available',
    'subnet_full',
    'rg_not_found',
  ];
  const any = fc.record({
    id: fc.constantFrom(...blocking),
    zone: fc.constantFrom(undefined, '1' as const),
    priority: fc.constantFrom('Spot' as const, 'Regular' as const),
    family: fc.constantFrom(undefined, 'F'),
    vCPUs: fc.constantFrom(undefined, 8, 16),
  });
  fc.assert(
    fc.property(any, ({ id, zone, priority, family, vCPUs }) => {
      const of = { zone, priority: id === 'quota_spot' ? 'Spot' : priority, facts: facts({ family, vCPUs }) } as const;
      assert.ok(keeps(refused(id, of), of));
    }),
  );
});

test.run();
