// What people are told when nothing is left to be tried.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { quotaHint } from '../../../controller/provider/azure/quota-hint.ts';
import type { Offering } from '../../../controller/provider/provider.ts';

const test = suite('azure provider: quota hints');

const open = (size: Offering['size'], region: string): Offering => ({ size, sku: `Standard_${size}`, region, available: true });
const closed = (size: Offering['size'], region: string, reason: NonNullable<Offering['reason']> = 'QuotaExceeded'): Offering => ({
  ...open(size, region),
  available: false,
  reason,
  message: `${reason} in ${region} for ${size}`,
});

test('Azure’s refusal, and a region of the pool that has room', () => {
  assert.equal(quotaHint([closed('l', 'westus3'), open('l', 'eastus')], { size: 'l', region: 'westus3' }), {
    error: 'QuotaExceeded in westus3 for l',
    hint: 'Try a different region with --region eastus',
  });
});

test('where no region has room for it, a size that has', () => {
  assert.equal(quotaHint([closed('l', 'westus3'), closed('l', 'eastus'), open('s', 'eastus')], { size: 'l' }), {
    error: 'QuotaExceeded in westus3 for l',
    hint: 'Try a different size with --size s',
  });
});

test('where there is no room at all, none is promised', () => {
  assert.is(quotaHint([closed('l', 'westus3')], {}).hint, undefined);
});

test('a refusal for quota is told before others', () => {
  const all = [closed('l', 'westus3', 'SKUNotAvailable'), closed('l', 'westus3')];
  assert.is(quotaHint(all, { size: 'l' }).error, 'QuotaExceeded in westus3 for l');
  assert.is(quotaHint(all.slice(0, 1), { size: 'l' }).error, 'SKUNotAvailable in westus3 for l');
});

test('without a refusal that says why, the region is named', () => {
  assert.is(quotaHint([], { region: 'westus3' }).error, 'Azure quota exceeded in region westus3');
  assert.is(quotaHint([open('l', 'eastus')], {}).error, 'Azure quota exceeded in region eastus');
  assert.is(quotaHint([], {}).error, 'Azure quota exceeded in region unknown');
  const { message: _message, ...silent } = closed('l', 'westus3');
  assert.is(quotaHint([silent], {}).error, 'Azure quota exceeded in region westus3');
});

test.run();
