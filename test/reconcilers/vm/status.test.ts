import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findCondition } from '../../../controller/api/condition.ts';
import { OperatorError } from '../../../controller/api/error.ts';
import { decide } from '../../../controller/reconcilers/vm/decide.ts';
import type { VMObserved } from '../../../controller/reconcilers/vm/model.ts';
import { status } from '../../../controller/reconcilers/vm/status.ts';
import { condition } from '../../builders/condition.ts';
import { placed } from '../../builders/session.ts';
import { ago, NOW } from '../../builders/time.ts';
import { bootingVM, drainingVM, failedVM, newVM, readyVM, unreachableVM } from '../../builders/vm.ts';
import { host, machine, runningWorld, vmWorld } from '../../builders/vm-world.ts';
import { agreedStatus as kstatus } from '../../fakes/argo-health.ts';

const test = suite('vm: status');

const shown = (observed: VMObserved, error?: unknown) => {
  const decision = decide(observed);
  const written = status(
    observed,
    decision,
    decision.actions.map((action) => ({ action, ...(error === undefined ? {} : { error }) })),
  );
  const after = written && { ...written.object, status: written.status };
  return {
    phase: written?.status.phase,
    ready: written?.status.conditions?.find(({ type }) => type === 'Ready'),
    failed: written?.status.conditions?.find(({ type }) => type === 'Failed')?.reason,
    kstatus: after && kstatus(after),
    status: written?.status,
  };
};
const line = (observed: VMObserved, error?: unknown): string => {
  const { phase, ready, failed, kstatus: seen } = shown(observed, error);
  return `${phase} ${ready?.status} ${ready?.reason}${failed === undefined ? '' : ` failed ${failed}`} ${seen}`;
};
const deleted = { deletionTimestamp: ago(1) };
const away = host('unreachable', { message: 'no route' });

for (const [what, world, expected] of [
  ['is new', vmWorld(newVM('default-0')), 'Creating False Creating InProgress'],
  ['has a machine that is being made', vmWorld(newVM('default-0'), { machine: machine('creating') }), 'Creating False Creating InProgress'],
  ['has a machine that runs', vmWorld(newVM('default-0'), { machine: machine() }), 'Booting False Booting InProgress'],
  ['can not be asked about', vmWorld(newVM('default-0'), { providerProblem: 'no network' }), 'Creating False ProviderNotReady InProgress'],
  ['answers', runningWorld(bootingVM('default-0')), 'Ready True Reachable Current'],
  ['was ready before a restart of ours', vmWorld(readyVM('default-0'), { machine: machine() }), 'Ready True Reachable Current'],
  ['does not answer', vmWorld(readyVM('default-0'), { machine: machine(), host: away }), 'Ready Unknown VMUnreachable InProgress'],
  ['drains', runningWorld(drainingVM('default-0')), 'Draining False Draining InProgress'],
  [
    'drains and does not answer',
    vmWorld(drainingVM('default-0'), { machine: machine(), host: away }),
    'Draining Unknown VMUnreachable InProgress',
  ],
  ['is fenced', vmWorld(unreachableVM('default-0', 3600), { machine: machine(), host: away }), 'Failed Unknown Fenced InProgress'],
  [
    'is being deleted by somebody else',
    runningWorld(readyVM('default-0'), { machine: machine('deleting') }),
    'Failed Unknown MachineDeleting InProgress',
  ],
  ['has lost its machine', vmWorld(readyVM('default-0')), 'Failed False MachineGone failed MachineGone InProgress'],
  [
    'has a machine that stopped',
    vmWorld(readyVM('default-0'), { machine: machine('stopped') }),
    'Failed False MachineStopped failed MachineStopped InProgress',
  ],
  [
    'has a machine that failed',
    vmWorld(newVM('default-0'), { machine: machine('failed') }),
    'Failed False MachineFailed failed MachineFailed InProgress',
  ],
  [
    'did not boot in time',
    vmWorld(bootingVM('default-0', { meta: { creationTimestamp: ago(900) } }), { machine: machine() }),
    'Failed False BootTimeout failed BootTimeout InProgress',
  ],
  ['failed before', vmWorld(failedVM('default-0'), { machine: machine() }), 'Failed False BootTimeout failed BootTimeout InProgress'],
  ['is deleted', vmWorld(drainingVM('default-0', { meta: deleted }), { machine: machine() }), 'Deleting False Deleting Terminating'],
] as const) {
  test(`a VM that ${what} is ${expected}`, () => {
    assert.is(line(world), expected);
  });
}

test('a VM whose own condition says nothing of why it failed still is failed', () => {
  const vm = newVM('default-0', { status: { conditions: [{ ...condition('Failed', 'True', 'Odd'), message: '' }] } });
  assert.is(line(vmWorld(vm, { machine: machine() })), 'Failed False Odd failed Odd InProgress');
});

test('a machine that was fenced is lost for that reason, when it is seen gone', () => {
  const fenced = readyVM('default-0', { status: { conditions: [condition('Ready', 'Unknown', 'Fenced')] } });
  assert.is(line(vmWorld(fenced, { machine: machine('deleting'), host: away })), 'Failed Unknown Fenced InProgress');
  assert.is(line(vmWorld(fenced, { host: away })), 'Failed False Fenced failed Fenced InProgress');
});

test('the time since when it is unreachable does not move while it is being fenced', () => {
  const world = vmWorld(unreachableVM('default-0', 3600), { machine: machine(), host: host('unreachable') });
  assert.is(shown(world).ready?.lastTransitionTime, ago(3600));
  assert.match(shown(world).ready?.message ?? '', 'it does not answer');
});

test('a VM that is not ours keeps its phase and says so', () => {
  const { pool: _pool, ...theirs } = runningWorld(readyVM('default-0'));
  assert.is(line(theirs), 'Ready False NotOurs InProgress');
  const { pool: _none, ...unseen } = vmWorld(newVM('default-0'));
  assert.is(line(unseen), 'Creating False NotOurs InProgress');
});

test('a refusal stands until the next try has another answer', () => {
  const quota = new OperatorError('quota', 'no cores left');
  assert.is(line(vmWorld(newVM('default-0')), quota), 'Creating False QuotaExceeded InProgress');
  assert.is(
    line(vmWorld(newVM('default-0')), new OperatorError('unavailable', 'no network')),
    'Creating False ProviderNotReady InProgress',
  );
  assert.is(line(vmWorld(newVM('default-0')), new OperatorError('conflict', 'changed')), 'Creating False Creating InProgress');
  const refused = newVM('default-0', { status: { conditions: [condition('Ready', 'False', 'QuotaExceeded', { message: 'no cores' })] } });
  assert.is(shown(vmWorld(refused)).ready?.message, 'no cores');
  assert.is(line(vmWorld(refused, { machine: machine('creating') })), 'Creating False Creating InProgress');
});

test('a machine that can not be deleted says why', () => {
  const vm = drainingVM('default-0', { meta: deleted });
  assert.is(shown(runningWorld(vm), new OperatorError('unavailable', 'no network')).ready?.message, 'no network');
  assert.is(shown(runningWorld(vm)).ready?.message, 'its machine is being deleted');
});

test('a boot timeout tells what the host last said', () => {
  const late = bootingVM('default-0', { meta: { creationTimestamp: ago(900) } });
  assert.is(shown(vmWorld(late, { machine: machine(), host: away })).ready?.message, 'it was not ready 900 s after its creation: no route');
});

test('what the machine says of itself is kept, also when it is gone', () => {
  const told = machine('running', { address: 'here', hostKey: 'key', sku: 'big', hourlyUSD: '2' });
  const { status: seen } = shown(vmWorld(newVM('default-0'), { machine: told }));
  assert.equal([seen?.providerID, seen?.address, seen?.hostKey, seen?.sku, seen?.hourlyUSD], ['machine', 'here', 'key', 'big', '2']);
  assert.equal([seen?.slots, seen?.memoryMiB, seen?.region, seen?.createdTime], [4, 131_072, 'local', ago(50)]);
  assert.is(shown(vmWorld(newVM('default-0'), { machine: machine('running', { sku: '' }) })).status?.sku, undefined);
  assert.is(shown(vmWorld(newVM('default-0', { spec: { size: 'xl' } }))).status?.memoryMiB, undefined);
  assert.is(shown(vmWorld(readyVM('default-0'))).status?.providerID, 'machine');
});

test('a VM keeps the first price that was known of its machine: neither a new day nor a restart writes all of them', () => {
  const priced = (before: string | undefined, now: string | undefined) =>
    shown(
      vmWorld(newVM('default-0', before === undefined ? {} : { status: { hourlyUSD: before } }), {
        machine: machine('running', now === undefined ? {} : { hourlyUSD: now }),
      }),
    ).status?.hourlyUSD;
  assert.is(priced('0.2', '1.008'), '0.2');
  assert.is(priced('0.2', undefined), '0.2');
  assert.is(priced(undefined, '1.008'), '1.008');
});

test('a VM is idle since its last session ended, or since it was first reached', () => {
  const since = (world: VMObserved) => shown(world).status?.idleSince;
  const { idleSince: _idleSince, ...busy } = readyVM('default-0').status ?? {};
  const vm = { ...readyVM('default-0'), status: busy };
  const reached = findCondition(busy.conditions, 'Booted')?.lastTransitionTime;
  assert.is(since(vmWorld(bootingVM('default-0'), { machine: machine() })), undefined);
  assert.is(since(runningWorld(vm)), reached);
  assert.is(since(runningWorld(vm, { lastSessionEnd: ago(500) })), ago(500));
  assert.is(since(runningWorld(readyVM('default-0'), { lastSessionEnd: ago(500) })), ago(30));
  assert.is(since(runningWorld(readyVM('default-0'), { lastSessionEnd: ago(5) })), ago(5));
  assert.is(since(runningWorld(readyVM('default-0'), { sessions: [placed('a', vm)] })), undefined);
});

test('a VM is told to be idle only once it has been for a moment, and is looked at again then', () => {
  const { idleSince: _idleSince, ...busy } = readyVM('default-0').status ?? {};
  const idle = (seconds: number) => runningWorld({ ...readyVM('default-0'), status: busy }, { lastSessionEnd: ago(seconds) });
  assert.is(shown(idle(4)).status?.idleSince, undefined);
  assert.is(decide(idle(4)).recheckAt, NOW + 1_000);
  assert.is(shown(idle(5)).status?.idleSince, ago(5));
  assert.is(decide(idle(5)).recheckAt, NOW + 60_000);
  const reached = runningWorld(bootingVM('default-0'));
  assert.is(shown(reached).status?.idleSince, undefined);
  assert.is(decide(reached).recheckAt, NOW + 5_000);
});

test('there is nothing to write to a VM that is released', () => {
  const vm = drainingVM('default-0', { meta: deleted });
  assert.is(shown(vmWorld(vm)).status, undefined);
});

test('what was once true of booting and draining stays', () => {
  const types = (world: VMObserved) => (shown(world).status?.conditions ?? []).map(({ type, status: is }) => `${type}=${is}`);
  assert.equal(types(vmWorld(newVM('default-0'))), ['Ready=False', 'Booted=False', 'Reconciling=True', 'Draining=False']);
  const leaving = types(vmWorld(drainingVM('default-0'), { machine: machine(), host: away }));
  assert.equal(leaving.toSorted(), ['Booted=True', 'Draining=True', 'Ready=Unknown']);
});

const wrongKey = host('unreachable', { message: 'lab shows another host key', reason: 'HostKeyMismatch' });

test('what people have to mend is the reason, not a boot that takes its time', () => {
  const booting = shown(vmWorld(bootingVM('default-0'), { machine: machine(), host: wrongKey }));
  assert.equal(
    [booting.ready?.status, booting.ready?.reason, booting.ready?.message],
    ['False', 'HostKeyMismatch', 'lab shows another host key'],
  );
  const { message: _, ...silent } = wrongKey;
  assert.is(shown(vmWorld(bootingVM('default-0'), { machine: machine(), host: silent })).ready?.message, '');
});

test('a key that changes later leaves unknown what runs there', () => {
  const { ready } = shown(vmWorld(readyVM('default-0'), { machine: machine(), host: wrongKey }));
  assert.equal([ready?.status, ready?.reason], ['Unknown', 'HostKeyMismatch']);
});

test('a machine may say why it failed, and what memory it has', () => {
  const failed = machine('failed', { message: 'host lab-1 serves another pool', reason: 'HostInUse' });
  assert.is(line(vmWorld(bootingVM('default-0'), { machine: failed })), 'Failed False HostInUse failed HostInUse InProgress');
  assert.is(shown(vmWorld(newVM('default-0'), { machine: machine('running', { memoryMiB: 7_000 }) })).status?.memoryMiB, 7_000);
  assert.is(shown(vmWorld(newVM('default-0'))).status?.memoryMiB, undefined);
});

test('shows the keys of a machine that is to be made', () => {
  assert.is(shown(vmWorld(newVM('default-0'), { hostKey: 'ssh-ed25519 AAAA' })).status?.hostKey, 'ssh-ed25519 AAAA');
});

test.run();
