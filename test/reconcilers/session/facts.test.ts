import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { attemptOf, memoryOf, occupiedVM, poolNameOf, vmNameOf } from '../../../controller/reconcilers/session/facts.ts';
import { placed, session } from '../../builders/session.ts';
import { readyVM } from '../../builders/vm.ts';

const test = suite('session: facts');
const vm = readyVM('default-0');

test('takes a slot from its placement on, and none once its attempt is lost', () => {
  assert.is(occupiedVM(session('a')), undefined);
  assert.equal(
    (['no', 'launching', 'yes', 'lost'] as const).map((started) => occupiedVM(placed('a', vm, started))),
    ['default-0', 'default-0', 'default-0', undefined],
  );
});

test('what is not set has its default', () => {
  const { prompt } = session('a').spec;
  const bare = { ...session('a'), spec: { ...(prompt === undefined ? {} : { prompt }) } };
  assert.equal([attemptOf(bare), vmNameOf(bare), memoryOf(bare), poolNameOf(bare)], [1, '', 16_384, 'default']);
  const full = placed('a', vm, 'yes', { spec: { memoryMiB: 1, poolRef: { name: 'p' } }, status: { attempt: 2 } });
  assert.equal([attemptOf(full), vmNameOf(full), memoryOf(full), poolNameOf(full)], [2, 'default-0', 1, 'p']);
});

test.run();
