import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { VMPoolSpec } from '../../../controller/api/types.generated.ts';
import { decide } from '../../../controller/reconcilers/pool/decide.ts';
import { condition } from '../../builders/condition.ts';
import { offering, pool, poolWorld } from '../../builders/pool.ts';
import { placed, session } from '../../builders/session.ts';
import { ago, NOW } from '../../builders/time.ts';
import type { VMOverrides } from '../../builders/vm.ts';
import { bootingVM, drainingVM, failedVM, newVM, readyVM, unreachableVM } from '../../builders/vm.ts';
import { told } from './told.ts';

const test = suite('pool: retirement');

const idleVM = (name: string, seconds: number, { spec, meta, status }: VMOverrides = {}) =>
  readyVM(name, { ...(spec ? { spec } : {}), ...(meta ? { meta } : {}), status: { idleSince: ago(seconds), ...status } });

test('a VM that was idle for too long leaves, and is looked at when it will have been', () => {
  assert.equal(told(poolWorld(pool(), { vms: [idleVM('default-0', 1800)] })), ['drain default-0: it was idle for 1800 s']);
  assert.equal(decide(poolWorld(pool(), { vms: [idleVM('default-0', 1799)] })), { actions: [], recheckAt: NOW + 1000 });
  assert.equal(told(poolWorld(pool({ spec: { idleTimeoutSeconds: 10 } }), { vms: [idleVM('default-0', 10)] })), [
    'drain default-0: it was idle for 10 s',
  ]);
});

test('a VM of which it is not told since when it is idle counts from now on', () => {
  const vm = readyVM('default-0', { meta: { creationTimestamp: ago(2000) } });
  const { idleSince: _idleSince, ...status } = vm.status ?? {};
  assert.equal(decide(poolWorld(pool(), { vms: [{ ...vm, status }] })), { actions: [], recheckAt: NOW + 1_800_000 });
  const atOnce = poolWorld(pool({ spec: { idleTimeoutSeconds: 0 } }), { vms: [{ ...vm, status }] });
  assert.equal(told(atOnce), ['drain default-0: it was idle for 0 s']);
});

test('an idle VM that a session is placed on in this very pass stays', () => {
  assert.equal(told(poolWorld(pool(), { vms: [idleVM('default-0', 9999)], sessions: [session('a')] })), [
    'place a on default-0, attempt 1, launching',
  ]);
});

test('keeps a VM that still has a session when the pool shrinks', () => {
  const vms = [idleVM('default-0', 10), idleVM('default-1', 20), idleVM('default-2', 30)];
  const sessions = vms.slice(1).map((vm, n) => placed(`s${n}`, vm, 'yes'));
  assert.equal(told(poolWorld(pool({ spec: { maxVMs: 1 } }), { vms, sessions })), ['drain default-0: the pool has more than maxVMs (1)']);
  const busy = vms.map((vm, n) => placed(`s${n}`, vm, 'yes'));
  assert.equal(told(poolWorld(pool({ spec: { maxVMs: 0 } }), { vms, sessions: busy })), []);
});

test('of more VMs than maxVMs the longest idle leave first', () => {
  const vms = [idleVM('default-0', 10), idleVM('default-1', 30), idleVM('default-2', 20)];
  assert.equal(told(poolWorld(pool({ spec: { maxVMs: 2 } }), { vms })), ['drain default-1: the pool has more than maxVMs (2)']);
});

test('retirement never goes below minVMs', () => {
  const vms = [idleVM('default-0', 5000), idleVM('default-1', 6000)];
  assert.equal(told(poolWorld(pool({ spec: { minVMs: 1 } }), { vms })), ['drain default-1: it was idle for 1800 s']);
  assert.equal(told(poolWorld(pool({ spec: { minVMs: 2 } }), { vms })), []);
});

test('a VM that is started for its output alone leaves, whatever the floor, and nothing is placed on it', () => {
  const vm = readyVM('default-0', { status: { conditions: [condition('CollectingOutput', 'Unknown', 'MachineStopped')] } });
  const drain = 'drain default-0: its machine was deallocated: it leaves once its output is collected';
  for (const spec of [{ minVMs: 1 }, { paused: true }] as const) {
    const world = poolWorld(pool({ spec: { ...spec, maxVMs: 1 } }), { vms: [vm], sessions: [placed('a', vm, 'yes')] });
    assert.equal(told(world), [drain]);
  }
  const full = poolWorld(pool({ spec: { maxVMs: 1 } }), { vms: [vm], sessions: [placed('a', vm, 'yes'), session('b')] });
  assert.equal(told(full).slice(0, 1), [drain]);
  assert.not(told(full).some((line) => line.startsWith('place')));
});

test('a VM that failed does not hold the floor', () => {
  const failed = failedVM('default-1', 3600);
  const actions = told(
    poolWorld(pool({ spec: { minVMs: 1 } }), { vms: [idleVM('default-0', 5000), failed], sessions: [placed('a', failed, 'yes')] }),
  );
  assert.equal(actions, []);
});

test('retirement never goes below the warm slots', () => {
  const vms = [idleVM('default-0', 5000), idleVM('default-1', 6000), bootingVM('default-2')];
  assert.equal(told(poolWorld(pool({ spec: { warmSlots: 4 } }), { vms })), ['drain default-1: it was idle for 1800 s']);
  assert.equal(told(poolWorld(pool({ spec: { warmSlots: 5 } }), { vms })), []);
});

test('a slot that is taken in this very pass is not a warm one', () => {
  const vms = [idleVM('default-0', 5000, { status: { memoryMiB: 65_536 } }), idleVM('default-1', 6000)];
  assert.equal(told(poolWorld(pool({ spec: { warmSlots: 4 } }), { vms, sessions: [session('a')] })), [
    'place a on default-0, attempt 1, launching',
  ]);
});

test('primed slots are held until their time, in their size and region alone', () => {
  const vms = [
    idleVM('default-0', 5000),
    idleVM('default-1', 6000, { spec: { size: 'm', slots: 2 } }),
    idleVM('default-2', 7000, { status: { region: 'east' } }),
  ];
  const primed = (prime: NonNullable<VMPoolSpec['prime']>) =>
    told(poolWorld(pool({ spec: { prime, sizes: [{ name: 'l' }, { name: 'm' }] } }), { vms })).map((line) => line.slice(0, 15));
  assert.equal(primed({ slots: 3, size: 'l', region: 'local', untilTime: ago(-9) }), ['drain default-2', 'drain default-1']);
  assert.equal(primed({ slots: 5, size: 'l', untilTime: ago(-9) }), ['drain default-1']);
  assert.equal(primed({ slots: 10, untilTime: ago(-9) }), []);
  assert.is(primed({ slots: 10, untilTime: ago(0) }).length, 3);
});

test('a VM past its age takes no more sessions and leaves when empty', () => {
  const old = readyVM('default-0', { meta: { creationTimestamp: ago(7200) } });
  const aging = pool({ spec: { maxAgeSeconds: 7200 } });
  assert.equal(told(poolWorld(aging, { vms: [old] })), ['drain default-0: it is older than maxAgeSeconds (7200)']);
  assert.equal(told(poolWorld(aging, { vms: [old], sessions: [placed('a', old, 'yes')] })), []);
  const young = readyVM('default-0', { meta: { creationTimestamp: ago(7140) }, spec: { cordoned: false } });
  assert.is(decide(poolWorld(aging, { vms: [young], sessions: [placed('a', young, 'yes')] })).recheckAt, NOW + 60_000);
});

test('a cordoned VM leaves when it is empty', () => {
  const vm = readyVM('default-0', { spec: { cordoned: true } });
  assert.equal(told(poolWorld(pool(), { vms: [vm], sessions: [placed('a', vm, 'yes')] })), []);
  assert.equal(told(poolWorld(pool(), { vms: [vm] })), ['drain default-0: it is cordoned and empty']);
});

test('a failed VM leaves once no session is on it, saying why it failed', () => {
  assert.equal(told(poolWorld(pool(), { vms: [failedVM('default-0')] })), ['drain default-0: it never booted']);
});

test('a VM whose deletion was requested is drained at once, so that nothing more comes; its sessions are not touched', () => {
  const vm = readyVM('default-0', { meta: { deletionTimestamp: ago(1) } });
  assert.equal(told(poolWorld(pool(), { vms: [vm], sessions: [placed('a', vm, 'yes')] })), ['drain default-0: its deletion was requested']);
  assert.equal(told(poolWorld(pool(), { vms: [vm] })), ['drain default-0: its deletion was requested']);
});

test('a VM is drained once', () => {
  const vms = [drainingVM('default-0', { meta: { deletionTimestamp: ago(1) } }), drainingVM('default-1', { spec: { cordoned: true } })];
  assert.equal(told(poolWorld(pool(), { vms })), []);
});

test('a VM that boots or does not answer is not idle', () => {
  const vms = [bootingVM('default-0', { meta: { creationTimestamp: ago(9999) } }), unreachableVM('default-1')];
  assert.equal(told(poolWorld(pool({ spec: { maxVMs: 1 } }), { vms })), []);
});

test('a VM whose machine a quota refused leaves at once, and who was to go there waits for the quota', () => {
  const refusedVM = (reason = 'QuotaExceeded', status: VMOverrides['status'] = {}) =>
    newVM('default-1', { status: { ...status, conditions: [condition('Ready', 'False', reason, { message: 'no cores' })] } });
  const refused = refusedVM();
  const gone = 'drain default-1: it could not be made: no cores';
  const rows: readonly [string, Parameters<typeof pool>[0], Parameters<typeof poolWorld>[1], readonly string[]][] = [
    ['nobody was to go there', {}, { vms: [refused] }, [gone]],
    ['who was, waits for what is offered', {}, { vms: [refused], sessions: [placed('a', refused)] }, ['a waits: QuotaExceeded']],
    [
      '…and may have gone elsewhere',
      {},
      { vms: [readyVM('default-0'), refused], sessions: [placed('a', refused)] },
      ['place a on default-0, attempt 1, launching'],
    ],
    ['who comes later does not go there', {}, { vms: [refused], sessions: [session('a')] }, [gone, 'a waits: QuotaExceeded']],
    ['also of a full pool', { spec: { maxVMs: 1 } }, { vms: [refused], sessions: [session('a')] }, [gone, 'a waits: QuotaExceeded']],
    ['no floor is held with it', { spec: { minVMs: 2, warmSlots: 9 } }, { vms: [readyVM('default-0'), refused] }, [gone]],
    ['it has a machine after all', {}, { vms: [refusedVM('QuotaExceeded', { providerID: 'machine' })] }, []],
    ['it may yet be made', {}, { vms: [refusedVM('ProviderNotReady')] }, []],
  ];
  // Nothing is to be had: what leaves is not made again.
  const offerings = [offering('l', { available: false, reason: 'QuotaExceeded' })];
  for (const [who, overrides, world, expected] of rows)
    assert.equal(told(poolWorld(pool(overrides), { ...world, offerings })), expected, who);
});

test('a paused pool makes and deletes no VM; only what a user deletes goes', () => {
  const vms = [
    idleVM('default-0', 9999),
    failedVM('default-1', 3600),
    readyVM('default-2', { spec: { cordoned: true } }),
    readyVM('default-3', { meta: { deletionTimestamp: ago(1) } }),
  ];
  const paused = { paused: true, minVMs: 9 };
  assert.equal(told(poolWorld(pool({ spec: paused }), { vms })), ['drain default-3: its deletion was requested']);
  const deleted = poolWorld(pool({ spec: paused, meta: { deletionTimestamp: ago(1) } }), { vms });
  assert.is(told(deleted).length, 4);
});

test.run();
