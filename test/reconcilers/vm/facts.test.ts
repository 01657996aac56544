import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { belongsTo } from '../../../controller/reconcilers/vm/facts.ts';
import { pool } from '../../builders/pool.ts';
import { newVM } from '../../builders/vm.ts';

const test = suite('vm: facts');

test('belongs to the pool whose uid its controller reference names', () => {
  const { ownerReferences: _none, ...metadata } = newVM('a').metadata;
  assert.is(belongsTo(newVM('a'), pool()), true);
  assert.is(belongsTo(newVM('a'), pool({ meta: { uid: 'another of its name' } })), false);
  assert.is(belongsTo({ ...newVM('a'), metadata }, pool()), false);
});

test.run();
