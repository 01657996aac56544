import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OperatorError } from '../../../controller/api/error.ts';
import { decide } from '../../../controller/reconcilers/pool/decide.ts';
import type { PoolObserved } from '../../../controller/reconcilers/pool/model.ts';
import { status } from '../../../controller/reconcilers/pool/status.ts';
import { condition } from '../../builders/condition.ts';
import { offering, pool, poolWorld } from '../../builders/pool.ts';
import { placed, session } from '../../builders/session.ts';
import { ago } from '../../builders/time.ts';
import { bootingVM, drainingVM, newVM, readyVM } from '../../builders/vm.ts';
import { agreedStatus as kstatus } from '../../fakes/argo-health.ts';

const test = suite('pool: status');

const shown = (observed: PoolObserved, error?: unknown) => {
  const decision = decide(observed);
  const written = status(
    observed,
    decision,
    decision.actions.map((action) => ({ action, ...(error === undefined ? {} : { error }) })),
  );
  if (!written) throw new Error('nothing is written');
  return { ...written.object, status: written.status };
};
const conditions = (observed: PoolObserved, error?: unknown) =>
  (shown(observed, error).status.conditions ?? []).map(({ type, status: is, reason }) => `${type}=${is} ${reason}`);

test('counts VMs, slots, sessions and money', () => {
  const vms = [readyVM('default-0'), bootingVM('default-1'), readyVM('default-2', { spec: { cordoned: true } }), drainingVM('default-3')];
  const first = vms[0] ?? readyVM('');
  const sessions = [
    placed('a', first, 'yes'),
    placed('b', vms[2] ?? first, 'yes'),
    placed('c', first, 'launching'),
    session('d', { meta: { deletionTimestamp: ago(1) } }),
  ];
  const { status: seen } = shown(poolWorld(pool(), { vms, sessions }));
  assert.equal([seen.vms, seen.readyVMs, seen.slots, seen.sessions], [4, 2, { total: 12, used: 3, free: 6 }, { pending: 2, running: 2 }]);
  assert.equal([seen.hourlyUSD, seen.idleUSD, seen.selector, seen.observedGeneration], ['4', '3.25', 'berth.dev/pool=default', 1]);
  assert.is(shown(poolWorld(pool(), { vms: [newVM('default-0')] })).status.hourlyUSD, '0');
});

test('counts only when it is due, but always the first time', () => {
  const stale = { ...poolWorld(pool({ status: { vms: 7 } })), countersDue: false };
  assert.is(shown(stale).status.vms, 7);
  assert.is(shown({ ...poolWorld(pool()), countersDue: false }).status.vms, 0);
});

test('is Ready, also when paused; not while it is deleted, its provider fails, or an action did', () => {
  const broken = { ...poolWorld(pool()), providerProblem: 'no credentials' };
  const failing = poolWorld(pool(), { sessions: [session('a')] });
  assert.equal(conditions(poolWorld(pool())), ['Ready=True Reconciled', 'ProviderReady=True Ready']);
  assert.equal(conditions(poolWorld(pool({ spec: { paused: true } })))[0], 'Ready=True Paused');
  assert.equal(
    conditions(poolWorld(pool({ meta: { deletionTimestamp: ago(1) } }), { vms: [drainingVM('default-0')] }))[0],
    'Ready=False Deleting',
  );
  assert.equal(conditions(broken), ['Ready=False ProviderNotReady', 'ProviderReady=False ProviderNotReady']);
  assert.is(conditions(failing, new OperatorError('unavailable', 'no disk'))[0], 'Ready=False ActionFailed');
  assert.is(shown(failing, new OperatorError('unavailable', 'no disk')).status.conditions?.[0]?.message, 'createVM: no disk');
  assert.is(conditions(failing, new OperatorError('conflict', 'changed'))[0], 'Ready=True Reconciled');
  assert.is(kstatus(shown(poolWorld(pool()))), 'Current');
  assert.is(kstatus(shown(broken)), 'InProgress');
});

test('what is refused is still said while the provider can not be asked', () => {
  const offerings = [{ sku: 'Sim_l', region: 'local', available: false, reason: 'QuotaExceeded' as const, retryTime: ago(-60) }];
  const unasked = (status: object) => ({ ...poolWorld(pool({ status })), offerings: [], providerProblem: 'no credentials' });
  assert.equal(shown(unasked({ offerings })).status.offerings, offerings);
  assert.equal(shown(unasked({})).status.offerings, []);
});

test('says what blocks it, as long as it does', () => {
  const quota = poolWorld(pool(), { sessions: [session('a')], offerings: [offering('l', { available: false, reason: 'QuotaExceeded' })] });
  assert.ok(conditions(quota).includes('QuotaBlocked=True QuotaExceeded'));
  const told = session('a', {
    status: { conditions: [condition('Placed', 'False', 'QuotaExceeded', { message: 'no quota for Sim_l in region local' })] },
  });
  assert.ok(conditions({ ...quota, sessions: [told] }).includes('QuotaBlocked=True QuotaExceeded'));
  const after = { ...poolWorld(shown(quota)) };
  assert.not(conditions(after).some((line) => line.startsWith('QuotaBlocked')));
  const poor = poolWorld(pool({ spec: { budget: { maxHourlyUSD: '0.5' } } }), { sessions: [session('a')] });
  assert.ok(conditions(poor).includes('BudgetBlocked=True BudgetExceeded'));
  assert.ok(conditions({ ...poolWorld(pool()), logStoreHasSpace: false }).includes('LogStoreFull=True LogStoreFull'));
});

test('there is nothing to write to a pool that goes or is not there', () => {
  const gone = poolWorld(pool({ meta: { deletionTimestamp: ago(1) } }));
  assert.is(status(gone, decide(gone), []), undefined);
  const { pool: _pool, ...nowhere } = poolWorld(pool());
  assert.is(status(nowhere, decide(nowhere), []), undefined);
});

test('written once, the status is the same the next time', () => {
  const world = poolWorld(pool(), { vms: [readyVM('default-0')] });
  const after = shown(world);
  assert.equal(shown({ ...world, pool: after, now: world.now + 1000 }).status, after.status);
});

test.run();
