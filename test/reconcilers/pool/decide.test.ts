import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decide } from '../../../controller/reconcilers/pool/decide.ts';
import { condition } from '../../builders/condition.ts';
import { pool, poolWorld } from '../../builders/pool.ts';
import { placed, session } from '../../builders/session.ts';
import { ago, NOW } from '../../builders/time.ts';
import { drainingVM, readyVM, unreachableVM } from '../../builders/vm.ts';
import { told } from './told.ts';

const test = suite('pool: decide');

const deleting = { meta: { deletionTimestamp: ago(1) } };
const world = { sessions: [session('a')], vms: [readyVM('default-0')] };

test('sessions of a pool that does not exist wait for it, and are told how to go on', () => {
  const { pool: _pool, ...nowhere } = poolWorld(pool(), { sessions: [session('a')] });
  assert.equal(told(nowhere), ['a waits: PoolNotFound']);
  assert.is(
    decide(nowhere).actions[0]?.because,
    'there is no VMPool default in namespace default: create it, or name another in spec.poolRef',
  );
});

test('a pool may be made a moment after its sessions, which are not told before that it is missing', () => {
  const made = (seconds: number) => {
    const { pool: _pool, ...nowhere } = poolWorld(pool(), { sessions: [session('a', { meta: { creationTimestamp: ago(seconds) } })] });
    return { ...nowhere, isPatient: true };
  };
  assert.equal(decide(made(1)), { actions: [], recheckAt: NOW + 2_000 });
  for (const seconds of [3, -60]) assert.equal(told(made(seconds)), ['a waits: PoolNotFound']);
});

test('a VM that was left behind by its pool still counts its sessions', () => {
  const vm = readyVM('default-0');
  const { pool: _pool, ...nowhere } = poolWorld(pool(), { vms: [vm], sessions: [placed('a', vm)] });
  assert.equal(told(nowhere), []);
});

test('a pool being deleted places and makes nothing; running ones finish, empty VMs go', () => {
  const busy = readyVM('default-1');
  const going = poolWorld(pool({ ...deleting, spec: { minVMs: 3 } }), {
    vms: [readyVM('default-0'), busy],
    sessions: [session('a'), placed('b', busy, 'yes')],
  });
  assert.equal(told(going), ['drain default-0: its pool is being deleted', 'a waits: PoolDeleting']);
});

test('a pool being deleted is released when its last VM is gone, not before', () => {
  assert.equal(told(poolWorld(pool(deleting), { vms: [drainingVM('default-0')] })), []);
  assert.equal(told(poolWorld(pool(deleting))), ['release: its last VM is gone']);
  const theirs = readyVM('default-0', { meta: { ownerReferences: [] } });
  assert.equal(told(poolWorld(pool(deleting), { vms: [theirs] })), ['release: its last VM is gone']);
});

test('a pool being deleted that was never held is not ours to release', () => {
  assert.equal(told(poolWorld(pool({ meta: { ...deleting.meta, finalizers: [] } }))), []);
});

test('an abandoned pool is released with its VMs left as they are', () => {
  const abandoned = pool({ meta: { ...deleting.meta, annotations: { 'berth.dev/abandon': 'true' } } });
  assert.ok(
    told(poolWorld(abandoned, { vms: [drainingVM('default-0')] })).includes('release: it is abandoned: its VMs are left as they are'),
  );
});

test('a paused pool places nothing, and says how to go on', () => {
  const paused = poolWorld(pool({ spec: { paused: true } }), world);
  assert.equal(told(paused), ['a waits: PoolPaused']);
  assert.is(decide(paused).actions[0]?.because, 'pool default is paused: set spec.paused to false to go on');
});

test('while the log store is full nothing is placed and nothing made', () => {
  const full = { ...poolWorld(pool({ spec: { minVMs: 3 } }), world), logStoreHasSpace: false };
  assert.equal(told(full), ['a waits: LogStoreFull']);
  assert.is(decide(full).recheckAt, NOW + 10_000);
});

test('a session that lacks a secret waits for it alone', () => {
  const sessions = [session('a'), session('b')];
  const lacking = { ...poolWorld(pool(), { ...world, sessions }), missingSecrets: new Map([['a', 'there is no secret x']]) };
  assert.equal(told(lacking), ['place b on default-0, attempt 1, launching', 'a waits: SecretNotFound']);
  assert.is(decide(lacking).recheckAt, NOW + 10_000);
});

test('a secret that has been missing for long is looked for less often', () => {
  const since = (seconds: number) => session('a', { meta: { creationTimestamp: ago(seconds) } });
  const again = (seconds: number) =>
    decide({ ...poolWorld(pool(), { ...world, sessions: [since(seconds)] }), missingSecrets: new Map([['a', 'there is no secret x']]) })
      .recheckAt;
  assert.equal([0, 80, 240, 3600].map(again), [NOW + 10_000, NOW + 10_000, NOW + 30_000, NOW + 60_000]);
});

test('while the provider can not be used everything waits, in its own words', () => {
  const broken = { ...poolWorld(pool({ spec: { minVMs: 3 } }), world), providerProblem: 'no credentials' };
  assert.equal(told(broken), ['a waits: ProviderNotReady']);
  assert.is(decide(broken).actions[0]?.because, 'no credentials');
});

test('a reason is written only when it is news, or when a placement has to be taken back', () => {
  const message = 'pool default is paused: set spec.paused to false to go on';
  const knowing = (overrides: object) =>
    session('a', { status: { conditions: [condition('Placed', 'False', 'PoolPaused', { message })], ...overrides } });
  const paused = pool({ spec: { paused: true } });
  const gone = readyVM('default-9');
  assert.equal(told(poolWorld(paused, { sessions: [knowing({})] })), []);
  assert.equal(told(poolWorld(paused, { sessions: [knowing({ vm: { name: 'default-9', uid: gone.metadata.uid } })] })), [
    'a waits: PoolPaused',
  ]);
  for (const other of [
    condition('Placed', 'True'),
    condition('Placed', 'False', 'PoolFull', { message }),
    condition('Placed', 'False', 'PoolPaused'),
  ]) {
    assert.equal(told(poolWorld(paused, { sessions: [knowing({ conditions: [other] })] })), ['a waits: PoolPaused']);
  }
});

test('quota is asked for again after a while, and counters that are not due soon', () => {
  const offerings = [{ size: 'l' as const, sku: 'x', region: 'local', available: false, reason: 'QuotaExceeded' as const }];
  assert.is(decide(poolWorld(pool(), { sessions: [session('a')], offerings })).recheckAt, NOW + 30_000);
  assert.is(decide({ ...poolWorld(pool()), countersDue: false }).recheckAt, NOW + 5_000);
});

test('a VM that does not answer is waited for: it is neither replaced nor drained while a session is on it', () => {
  const vm = unreachableVM('default-0', 9999);
  assert.equal(told(poolWorld(pool(), { vms: [vm], sessions: [placed('a', vm, 'yes')] })), []);
});

test.run();
