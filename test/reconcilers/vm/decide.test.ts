import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decide } from '../../../controller/reconcilers/vm/decide.ts';
import type { VMObserved } from '../../../controller/reconcilers/vm/model.ts';
import { condition } from '../../builders/condition.ts';
import { pool } from '../../builders/pool.ts';
import { placed } from '../../builders/session.ts';
import { ago, NOW } from '../../builders/time.ts';
import { bootingVM, drainingVM, failedVM, newVM, readyVM, unreachableVM } from '../../builders/vm.ts';
import { host, machine, runningWorld, vmWorld } from '../../builders/vm-world.ts';

const test = suite('vm: decide');

const told = (observed: VMObserved): readonly string[] => decide(observed).actions.map(({ do: what, because }) => `${what}: ${because}`);
const again = (observed: VMObserved): number => ((decide(observed).recheckAt ?? NOW) - NOW) / 1000;
const deleted = { deletionTimestamp: ago(1) };
const busy = (vm: VMObserved['vm']) => [placed('a', vm, 'yes')];

test('a VM without a machine gets one, and is looked at until it is ready', () => {
  assert.equal(told(vmWorld(newVM('default-0'))), ['createMachine: it has no machine']);
  // The keys it will show are written down first.
  assert.equal(told(vmWorld(newVM('default-0'), { hostKey: 'ssh-ed25519 AAAA' })), []);
  assert.is(again(vmWorld(newVM('default-0', { meta: { creationTimestamp: ago(0) } }))), 2);
});

test('the longer a machine takes, the less often it is looked at', () => {
  const since = (seconds: number) =>
    vmWorld(bootingVM('default-0', { meta: { creationTimestamp: ago(seconds) } }), { machine: machine('creating') });
  assert.equal(
    [0, 16, 80, 400].map((seconds) => again(since(seconds))),
    [2, 2, 10, 15],
  );
});

test('a machine that was made for it is adopted, and connected to once it runs', () => {
  assert.equal(told(vmWorld(newVM('default-0'), { machine: machine('creating') })), []);
  assert.equal(told(vmWorld(newVM('default-0'), { machine: machine() })), ['connect: its machine runs']);
  assert.equal(told(vmWorld(bootingVM('default-0'), { machine: machine(), host: host('connecting') })), []);
});

test('while the provider can not be asked nothing is made: the machine may be there', () => {
  assert.equal(told(vmWorld(newVM('default-0'), { providerProblem: 'no network' })), []);
  assert.equal(told(vmWorld(readyVM('default-0'), { providerProblem: 'no network', host: host() })), []);
});

test('a VM that is not ready in time is left to the pool, and looked at just then', () => {
  const late = bootingVM('default-0', { meta: { creationTimestamp: ago(899) } });
  assert.is(again(vmWorld(late, { machine: machine() })), 1);
  assert.equal(told({ ...vmWorld(late, { machine: machine() }), now: NOW + 1000 }), []);
});

test('a VM that failed is deleted once the pool has drained it and no session is left', () => {
  const failed = failedVM('default-0');
  assert.equal(told(vmWorld(failed)), []);
  assert.is(again(vmWorld(failed)), 60, 'the pool and its sessions wake it');
  const draining = failedVM('default-0', 0, { status: { conditions: [condition('Draining', 'True')] } });
  const both = {
    ...draining,
    status: { ...draining.status, conditions: [...(draining.status?.conditions ?? []), condition('Draining', 'True')] },
  };
  assert.equal(told(vmWorld(both, { sessions: busy(both) })), []);
});

test('a ready VM is only checked on now and then', () => {
  assert.equal(told(runningWorld(readyVM('default-0'))), []);
  assert.is(again(runningWorld(readyVM('default-0'))), 60);
});

test('a draining VM goes when its last session has ended', () => {
  const vm = drainingVM('default-0');
  assert.equal(told(runningWorld(vm, { sessions: busy(vm) })), []);
  assert.equal(told(runningWorld(vm)), ['deleteVM: it is draining and has no sessions left']);
  assert.equal(told(vmWorld(vm, { machine: machine(), host: host('unreachable') })), ['deleteVM: it is draining and has no sessions left']);
  const unbooted = bootingVM('default-0', { status: { conditions: [condition('Draining', 'True')] } });
  assert.equal(told(vmWorld(unbooted, { machine: machine() })), ['deleteVM: it is draining and has no sessions left']);
});

test('after a restart of ours a VM that was ready is connected to, and nothing else', () => {
  assert.equal(told(vmWorld(readyVM('default-0'), { machine: machine() })), ['connect: its machine runs']);
  assert.equal(told(vmWorld(readyVM('default-0'), { machine: machine(), host: host('connecting') })), []);
});

test('a VM that does not answer is fenced only past the timeout of its pool, and looked at just then', () => {
  const world = (seconds: number, timeout?: number) =>
    vmWorld(unreachableVM('default-0', seconds), {
      machine: machine(),
      host: host('unreachable', { message: 'no route' }),
      pool: pool({ spec: timeout === undefined ? {} : { unreachableTimeoutSeconds: timeout } }),
    });
  assert.equal(told(world(3599)), []);
  assert.is(again(world(3590)), 10);
  assert.equal(told(world(3600)), ['deleteMachine: it was unreachable for 3600 s (no route): its machine is deleted']);
  assert.is(told(world(10, 10)).length, 1);
  assert.equal(told(world(1_000_000, 0)), []);
  assert.is(again(world(1_000_000, 0)), 60);
  assert.is(told(world(60, 7200)).length, 0);
});

test('only what this controller has seen itself counts towards the fence: while none looked, the VM may well have answered', () => {
  const world = (seenFor: number) =>
    vmWorld(unreachableVM('default-0', 10_000), { machine: machine(), host: host('unreachable', { since: NOW - seenFor * 1000 }) });
  assert.equal(told(world(0)), []);
  assert.is(again(world(3590)), 10);
  assert.equal(told(world(3600)), ['deleteMachine: it was unreachable for 3600 s (it does not answer): its machine is deleted']);
});

test('a fence that was begun goes on after a restart', () => {
  const fenced = readyVM('default-0', {
    status: { conditions: [condition('Ready', 'Unknown', 'Fenced', { lastTransitionTime: ago(3700), message: 'it was unreachable' })] },
  });
  const world = vmWorld(fenced, { machine: machine(), host: host('unreachable', { since: NOW }), sessions: busy(fenced) });
  assert.equal(told(world), ['deleteMachine: it was unreachable']);
});

test('a fence holds until the machine is seen gone: it is deleted again where that failed, and not while it goes', () => {
  const fenced = readyVM('default-0', {
    status: { conditions: [condition('Ready', 'Unknown', 'Fenced', { lastTransitionTime: ago(3700), message: 'it was unreachable' })] },
  });
  const world = (state: 'running' | 'deleting') =>
    vmWorld(fenced, { machine: machine(state), host: host('unreachable'), sessions: busy(fenced) });
  assert.equal(told(world('running')), ['deleteMachine: it was unreachable']);
  assert.equal(told(world('deleting')), []);
  assert.is(again(world('deleting')), 2);
  assert.equal(told(vmWorld(fenced, { host: host('unreachable'), providerProblem: 'no network' })), []);
});

test('a VM that is none of ours is left alone', () => {
  const { pool: _pool, ...alone } = runningWorld(readyVM('default-0'));
  assert.equal(decide(alone), { actions: [] });
});

test('runs whose session is gone are stopped, then cleaned', () => {
  const stray = (uid: string, attempt: number) => ({ uid, attempt, session: { namespace: 'default', name: uid, uid } });
  const strayRuns = [
    { ...stray('x', 1), ended: false },
    { ...stray('y', 2), ended: true },
  ];
  const because = 'its session does not exist any more';
  assert.equal(decide(runningWorld(readyVM('default-0'), { strayRuns })).actions, [
    { do: 'stopStray', run: stray('x', 1), because },
    { do: 'cleanStray', run: stray('y', 2), because },
  ]);
});

test('a VM object is released after its machine is gone, not before', () => {
  const vm = drainingVM('default-0', { meta: deleted });
  assert.equal(told(runningWorld(vm)), ['deleteMachine: its VM object is deleted']);
  assert.equal(told(vmWorld(vm, { machine: machine('deleting') })), []);
  assert.is(again(vmWorld(vm, { machine: machine('deleting') })), 2);
  assert.equal(told(vmWorld(vm)), ['release: its machine is gone']);
  assert.equal(told(vmWorld(vm, { host: host('unreachable') })), ['disconnect: its VM object is deleted', 'release: its machine is gone']);
  assert.equal(told(vmWorld(vm, { providerProblem: 'no network' })), []);
});

test('a VM that somebody deletes waits for the pool to drain it, and for its sessions', () => {
  const vm = readyVM('default-0', { meta: deleted });
  assert.equal(told(runningWorld(vm)), []);
  const draining = drainingVM('default-0', { meta: deleted });
  assert.equal(told(runningWorld(draining, { sessions: busy(draining) })), []);
  const booting = bootingVM('default-0', { meta: deleted });
  assert.equal(told(vmWorld(booting, { sessions: [placed('a', booting)] })), []);
  assert.is(decide(vmWorld(booting, { sessions: [placed('a', booting)] })).recheckAt, undefined);
  assert.equal(told(vmWorld(booting, { machine: machine() })), ['connect: its machine runs']);
});

test('a VM that somebody deletes is fenced like any other while a session is on it', () => {
  const vm = unreachableVM('default-0', 3600, { meta: deleted });
  assert.is(told(vmWorld(vm, { machine: machine(), host: host('unreachable'), sessions: busy(vm) })).length, 1);
});

test('a pool that retains its machines leaves them', () => {
  const vm = drainingVM('default-0', { meta: deleted });
  const retained = pool({ spec: { deletionPolicy: 'Retain' } });
  assert.equal(told(vmWorld(vm, { machine: machine(), pool: retained })), ['release: its machine is retained']);
});

test('an abandoned VM is released as it is, also with a session, also without a pool', () => {
  const vm = readyVM('default-0', { meta: { ...deleted, annotations: { 'berth.dev/abandon': 'true' } } });
  assert.equal(told(runningWorld(vm, { sessions: busy(vm) })), ['release: it is abandoned: its machine is left as it is']);
  const { pool: _pool, ...orphan } = runningWorld(drainingVM('default-0', { meta: deleted }));
  assert.equal(told(orphan), ['release: its pool was abandoned: its machine is left as it is']);
});

test.run();
