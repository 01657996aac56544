import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { setConditions } from '../../controller/api/condition.ts';
import { errorCode, errorMessage, OperatorError } from '../../controller/api/error.ts';
import { formatMoney, parseMoney } from '../../controller/api/money.ts';
import { keyString, parseKey } from '../../controller/api/object.ts';
import { poolSizes } from '../../controller/api/sizes.ts';
import { createProviders } from '../../controller/provider/providers.ts';
import { condition } from '../builders/condition.ts';
import { pool } from '../builders/pool.ts';
import { ago } from '../builders/time.ts';

const test = suite('api');
const at = { time: ago(0), generation: 2 };

test('a condition keeps its time until its status changes, whatever its reason', () => {
  const known = [condition('Ready', 'True'), condition('Stalled', 'True')];
  const update = { type: 'Ready', reason: 'Other', message: 'm' };
  assert.equal(setConditions(known, [{ ...update, status: 'True' }], at, ['Stalled']), [
    { ...update, status: 'True', observedGeneration: 2, lastTransitionTime: ago(60) },
  ]);
  assert.is(setConditions(known, [{ ...update, status: 'False' }], at)[0]?.lastTransitionTime, ago(0));
  assert.is(setConditions(undefined, [{ ...update, status: 'False' }], at).length, 1);
});

test('money is exact to a hundredth of a cent', () => {
  assert.is(formatMoney(parseMoney('0.1') + parseMoney('0.2')), '0.3');
  assert.is(formatMoney(parseMoney('10.00')), '10');
  assert.is(parseMoney('1.2345'), 12_345);
});

test('keys, errors and sizes', () => {
  assert.equal(parseKey(keyString({ namespace: 'ns', name: 'a.b' })), { namespace: 'ns', name: 'a.b' });
  assert.equal(
    [errorCode(new OperatorError('quota', 'x')), errorCode('x'), errorMessage('x'), errorMessage(new Error('y'))],
    ['quota', 'bug', 'x', 'y'],
  );
  assert.equal(
    poolSizes({ ...pool().spec, sizes: [{ name: 's' }, { name: 'l', slots: 9, memoryMiB: 7, skus: ['x'] }] }).map(
      ({ slots, memoryMiB }) => [slots, memoryMiB],
    ),
    [
      [1, 32_768],
      [9, 7],
    ],
  );
});

test('a provider is opened once for each version of its settings, and refused where there is none', () => {
  let opened = 0;
  const providers = createProviders(new Map([['Local', { type: 'Local', open: () => ({ number: ++opened }) as never }]]));
  assert.is(providers.of(pool()), providers.of(pool({ status: { vms: 1 } })));
  assert.is.not(providers.of(pool()), providers.of(pool({ meta: { generation: 2 } })));
  assert.throws(
    () => providers.of(pool({ meta: { uid: 'x' }, spec: { provider: { type: 'SSH' } } })),
    /SSH of pool default is not available/,
  );
});

test.run();
