// The tutorial's words for a quota that is used up, with the numbers and a place that has room.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { quotaError } from '../../../cli/render/quota.ts';
import type { VMPool, VMPoolStatus } from '../../../controller/api/types.generated.ts';
import { pool } from '../../builders/pool.ts';
import { session } from '../../builders/session.ts';

const test = suite('quota errors');

const SAID =
  'Azure quota exceeded in region westus3: standardESv5Family Cores: limit 100, 96 in use, 16 more needed for Standard_E16s_v5; ask Azure for more (portal, Quotas), or give the pool another region or SKUs of another family';
const L = 'Standard_E16s_v5';
const S = 'Standard_D8s_v3';
type Rows = NonNullable<VMPoolStatus['offerings']>;

const azure = (...offerings: Rows): VMPool =>
  pool({
    spec: { provider: { type: 'Azure', azure: { regions: ['westus3', 'eastus'] } }, sizes: [{ name: 'l' }, { name: 's' }] },
    status: { offerings },
  });
const open = (sku: string, region: string): Rows[number] => ({ sku, region, available: true });
const closed = (sku: string, region: string): Rows[number] => ({ ...open(sku, region), available: false, reason: 'QuotaExceeded' });
const inWest = session('a', { spec: { region: 'westus3' } });

test('the region, the numbers, and another region of the pool with room for the size', () => {
  assert.equal(quotaError(inWest, SAID, azure(closed(L, 'westus3'), open(S, 'swedencentral'), open(L, 'eastus'))), {
    message:
      'Azure quota exceeded in region westus3\n  standardESv5Family Cores: limit 100, 96 in use, 16 more needed for Standard_E16s_v5',
    hint: 'Try a different region with --region eastus',
  });
});

test('a session that may go anywhere went everywhere: a size that has room', () => {
  const anywhere = (...rows: Rows): string => quotaError(session('a'), SAID, azure(...rows)).hint;
  assert.is(anywhere(closed(L, 'westus3'), closed(L, 'eastus'), open(S, 'eastus')), 'Try a different size with --size s');
  assert.is(anywhere(closed(L, 'westus3'), open(L, 'eastus')), 'Wait for room with --queue, or ask Azure for more quota');
});

test('a size that has room elsewhere alone is no help to a session that names its region', () => {
  const { hint } = quotaError(inWest, SAID, azure(closed(L, 'westus3'), open(S, 'eastus')));
  assert.is(hint, 'Wait for room with --queue, or ask Azure for more quota');
});

test('the session’s own size is what room is looked for', () => {
  const small = session('a', { spec: { size: 's', region: 'westus3' } });
  const { hint } = quotaError(small, SAID, azure(open(L, 'eastus'), open(S, 'northeurope')));
  assert.is(hint, 'Try a different region with --region northeurope');
});

test('where there is no room, none is promised', () => {
  const wait = 'Wait for room with --queue, or ask Azure for more quota';
  assert.is(quotaError(inWest, SAID, azure(closed(L, 'westus3'))).hint, wait);
  assert.is(quotaError(inWest, SAID, undefined).hint, wait);
  assert.is(quotaError(inWest, SAID, pool()).hint, wait);
});

test('other reasons that no region has a machine are told whole, on one line', () => {
  const said = 'Azure has no capacity left\n for Standard_E16s_v5 in westus3';
  const told = (of: typeof inWest, in_: VMPool | undefined) => quotaError(of, said, in_).message;
  assert.is(told(inWest, azure()), 'Azure quota exceeded in region westus3\n  Azure has no capacity left for Standard_E16s_v5 in westus3');
  assert.match(told(session('a'), azure()), /^Azure quota exceeded in region westus3\n/);
  assert.match(told(session('a'), undefined), /^Azure quota exceeded in region unknown\n/);
});

test('without numbers there is no line for them', () => {
  assert.is(quotaError(inWest, 'Azure quota exceeded in region westus3', undefined).message, 'Azure quota exceeded in region westus3');
});

test.run();
