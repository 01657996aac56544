import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OperatorError } from '../../controller/api/error.ts';
import { eventOf } from '../../controller/reconcilers/events.ts';
import { pool } from '../builders/pool.ts';
import { session } from '../builders/session.ts';
import { readyVM } from '../builders/vm.ts';

const test = suite('events');

const a = session('a');
const vm = readyVM('default-0');
const because = 'of this';

test('a placement is told of the session, a drain of the VM, a new VM of the pool', () => {
  const about = (action: object) => eventOf('VMPool', { action: { do: '', because, ...action } }, { pool: pool() });
  assert.equal(about({ do: 'placeSession', session: a }), {
    type: 'Normal',
    reason: 'PlacedSession',
    message: because,
    regarding: { kind: 'Session', uid: 'a', namespace: 'default', name: 'a' },
  });
  assert.equal(about({ do: 'drainVM', vm })?.regarding.kind, 'VM');
  assert.equal(about({ do: 'createVM' })?.regarding.kind, 'VMPool');
  assert.is(about({ do: 'hold' }), undefined);
});

test("what failed is a warning, a conflict is nobody's news", () => {
  const failed = (error: unknown) => eventOf('VM', { action: { do: 'createMachine', because }, error }, { vm });
  assert.equal([failed(new Error('no cores'))?.type, failed(new Error('no cores'))?.message], ['Warning', 'createMachine: no cores']);
  assert.is(failed(new OperatorError('conflict', 'changed')), undefined);
});

test('a session that could not be cleaned up is news only where its machine was there', () => {
  const failed = (error: unknown) => eventOf('Session', { action: { do: 'clean', because }, error }, { session: a });
  assert.is(failed(new OperatorError('unavailable', 'the connection was lost')), undefined);
  assert.is(failed(new Error('no space left'))?.type, 'Warning');
});

test('what is abandoned is a warning, what is gone is told of nobody', () => {
  const left = session('a', { meta: { annotations: { 'berth.dev/abandon': 'true' } } });
  assert.is(eventOf('Session', { action: { do: 'release', because } }, { session: left })?.reason, 'Abandoned');
  assert.is(eventOf('Session', { action: { do: 'release', because } }, { session: a }), undefined);
  assert.is(eventOf('VMPool', { action: { do: 'createVM', because } }, {}), undefined);
});

test.run();
