import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OperatorError } from '../../../controller/api/error.ts';
import { decide } from '../../../controller/reconcilers/session/decide.ts';
import type { SessionObserved } from '../../../controller/reconcilers/session/model.ts';
import { status } from '../../../controller/reconcilers/session/status.ts';
import type { RunExit } from '../../../controller/session/host.ts';
import { condition } from '../../builders/condition.ts';
import { finished, placed, type SessionOverrides, session } from '../../builders/session.ts';
import { endedRun, onVM, run, sessionWorld } from '../../builders/session-world.ts';
import { ago, NOW } from '../../builders/time.ts';
import { bootingVM, failedVM, readyVM } from '../../builders/vm.ts';
import { agreedStatus as kstatus } from '../../fakes/argo-health.ts';

const test = suite('session: status');

const vm = readyVM('default-0', { status: { hourlyUSD: '3.6' } });
const shown = (observed: SessionObserved, error?: unknown) => {
  const decision = decide(observed);
  const outcomes = decision.actions.map((action) => ({ action, ...(error === undefined ? {} : { error }) }));
  const written = status(observed, decision, outcomes);
  if (!written) throw new Error('nothing is written');
  return { ...written.object, status: written.status };
};
const is = (observed: SessionObserved, type: string): string | undefined => {
  const found = shown(observed).status.conditions?.find((other) => other.type === type);
  return found && `${found.status} ${found.reason}`;
};
const line = (observed: SessionObserved): string => {
  const after = shown(observed);
  return `${after.status.phase} ${after.status.reason}, Ready ${is(observed, 'Ready')}, Finished ${is(observed, 'Finished')}, ${kstatus(after)}`;
};
const ended = (exit: Partial<RunExit> & Pick<RunExit, 'cause'>, overrides: SessionOverrides = {}, facts = {}): SessionObserved =>
  onVM(placed('a', vm, 'yes', overrides), vm, { run: endedRun('a', exit, facts) });
const stopped = { spec: { shutdown: 'Graceful' as const } };
/** Its end is two seconds old. */
const askedFor = (seconds: number): SessionOverrides => ({
  ...stopped,
  status: { shutdown: { mode: 'Graceful', requestedTime: ago(seconds) } },
});
const taken = { stopping: 'Graceful' as const };
const COMPLETED = 'Completed Completed, Ready True Completed, Finished True Completed, Current';
const KILLED = 'Killed Killed, Ready True Killed, Finished True Killed, Current';
const LOST = 'Failed VMLost, Ready False VMLost, Finished True VMLost, Failed';
const LAUNCH_FAILED = 'Failed LaunchFailed, Ready False LaunchFailed, Finished True LaunchFailed, Failed';
const { startTime: _startTime, ...unbegun } = endedRun('a', { cause: 'refused' });
const refusedRun = { run: unbegun };
const PENDING = 'Pending VMBooting, Ready False VMBooting, Finished False NotFinished, InProgress';

for (const [what, world, expected] of [
  ['exited with 0', ended({ cause: 'exited', code: 0 }), COMPLETED],
  ['exited with 3', ended({ cause: 'exited', code: 3 }), 'Failed AgentFailed, Ready False AgentFailed, Finished True AgentFailed, Failed'],
  [
    'died of a signal',
    ended({ cause: 'exited', signal: 11 }),
    'Failed AgentFailed, Ready False AgentFailed, Finished True AgentFailed, Failed',
  ],
  [
    'ran too long',
    ended({ cause: 'deadline', signal: 15 }, { spec: { activeDeadlineSeconds: 9 } }),
    'Failed DeadlineExceeded, Ready False DeadlineExceeded, Finished True DeadlineExceeded, Failed',
  ],
  [
    'failed before its deadline',
    ended({ cause: 'exited', signal: 15 }, { spec: { activeDeadlineSeconds: 99 } }),
    'Failed AgentFailed, Ready False AgentFailed, Finished True AgentFailed, Failed',
  ],
  [
    'could not fetch its source',
    ended({ cause: 'source', message: 'no such ref' }),
    'Failed SourceFailed, Ready False SourceFailed, Finished True SourceFailed, Failed',
  ],
  ['could not be started', ended({ cause: 'launch' }), LAUNCH_FAILED],
  ['lost its supervisor', ended({ cause: 'lost' }), LOST],
  ['was killed', ended({ cause: 'exited', signal: 15 }, askedFor(5), taken), KILLED],
  ['ended well after it was asked to', ended({ cause: 'exited', code: 0 }, askedFor(5), taken), KILLED],
  ['was killed, on a VM whose clock is behind', ended({ cause: 'exited', code: 0 }, askedFor(1), taken), KILLED],
  ['was killed by a controller that did not live to put the request down', ended({ cause: 'exited', code: 0 }, stopped, taken), KILLED],
  ['was killed, which was taken back before it was put down', ended({ cause: 'exited', code: 0 }, {}, taken), KILLED],
  ['ended after it was asked to, before its VM heard of it', ended({ cause: 'exited', code: 0 }, askedFor(5)), KILLED],
  ['had ended when it was asked to', ended({ cause: 'exited', code: 0 }, askedFor(1)), COMPLETED],
  ['had ended when nobody could see the request', ended({ cause: 'exited', code: 0 }, stopped), COMPLETED],
  ['was lost while it was being killed', ended({ cause: 'lost' }, stopped), KILLED],
  ['was killed before it had a place', sessionWorld(session('a', stopped)), KILLED],
  ['is killed before its VM knows of it, until that says so', onVM(placed('a', vm, 'launching', stopped), vm), PENDING],
  ['was killed before it was started', ended({ cause: 'launch' }, stopped, taken), KILLED],
  ['could not be started before it was asked to end', ended({ cause: 'launch' }, askedFor(1)), LAUNCH_FAILED],
  ['was killed between two attempts', sessionWorld(placed('a', vm, 'lost', stopped)), KILLED],
  ['lost its VM object', sessionWorld(placed('a', vm, 'yes')), LOST],
  ['lost its VM', sessionWorld(placed('a', vm, 'yes'), { vm: failedVM('default-0') }), LOST],
  ['lost its VM while it was launched', sessionWorld(placed('a', vm, 'launching')), LOST],
  ['is not known to its VM any more', ended({ cause: 'refused' }, {}, { startTime: undefined }), LOST],
  ['could not be started after all', ended({ cause: 'launch' }, {}, { startTime: undefined }), LAUNCH_FAILED],
  ['will never be started on its VM', onVM(placed('a', vm, 'launching'), vm, refusedRun), LOST],
  ['may be started elsewhere', onVM(placed('a', vm, 'launching', { spec: { retryLimit: 1 } }), vm, refusedRun), PENDING],
  ['was killed and refused', onVM(placed('a', vm, 'launching', stopped), vm, refusedRun), KILLED],
  ['may be tried again', sessionWorld(placed('a', vm, 'yes', { spec: { retryLimit: 1 } })), PENDING],
  ['was tried often enough', sessionWorld(placed('a', vm, 'yes', { spec: { retryLimit: 1 }, status: { attempt: 2 } })), LOST],
  ['was lost past its deadline', sessionWorld(placed('a', vm, 'yes', { spec: { retryLimit: 1, activeDeadlineSeconds: 5 } })), LOST],
  [
    'waits for another attempt past its deadline',
    sessionWorld(placed('a', vm, 'lost', { spec: { activeDeadlineSeconds: 5 } })),
    'Failed DeadlineExceeded, Ready False DeadlineExceeded, Finished True DeadlineExceeded, Failed',
  ],
  ['is new', sessionWorld(session('a')), PENDING],
  ['is placed on a booting VM', sessionWorld(placed('a', vm), { vm: bootingVM('default-0') }), PENDING],
  ['is placed on a ready VM', onVM(placed('a', vm), vm), PENDING],
  ['is being launched', onVM(placed('a', vm, 'launching'), vm), PENDING],
  ['has its source fetched', onVM(placed('a', vm, 'launching'), vm, { run: run('a', { state: 'preparing' }) }), PENDING],
  [
    'runs',
    onVM(placed('a', vm, 'launching'), vm, { run: run('a') }),
    'Running Running, Ready True Running, Finished False NotFinished, Current',
  ],
  [
    'is still collected',
    ended({ cause: 'exited', code: 0 }, {}, { logBytes: 99 }),
    'Running Running, Ready True Running, Finished False NotFinished, Current',
  ],
  [
    'runs where nobody can look',
    onVM(placed('a', vm, 'yes'), vm, { hostState: 'unreachable' }),
    'Running VMUnreachable, Ready Unknown VMUnreachable, Finished False NotFinished, InProgress',
  ],
  [
    'may have been launched where nobody can look',
    onVM(placed('a', vm, 'launching'), vm, { hostState: 'unreachable' }),
    'Pending VMUnreachable, Ready Unknown VMUnreachable, Finished False NotFinished, InProgress',
  ],
  [
    'ended with output left where nobody can look',
    { ...ended({ cause: 'exited', code: 0 }, {}, { logBytes: 99 }), hostState: 'unreachable' as const },
    'Running VMUnreachable, Ready Unknown VMUnreachable, Finished False NotFinished, InProgress',
  ],
  [
    'ended, all copied, before nobody could look',
    { ...ended({ cause: 'exited', code: 0 }), hostState: 'unreachable' as const },
    'Completed Completed, Ready True Completed, Finished True Completed, Current',
  ],
  [
    'ended on a VM that went before all was copied',
    { ...ended({ cause: 'exited', code: 0 }, {}, { logBytes: 99 }), vm: failedVM('default-0') },
    'Completed Completed, Ready True Completed, Finished True Completed, Current',
  ],
] as const) {
  test(`a session that ${what} is ${expected}`, () => {
    assert.is(line(world), expected);
  });
}

test('exit code, end and cost come from the VM', () => {
  const after = shown(ended({ cause: 'exited', signal: 9, endTime: ago(10) })).status;
  assert.equal([after.exitCode, after.completionTime, after.startTime], [137, ago(10), ago(30)]);
  assert.equal(after.cost, { vmUSD: '0.005' });
  assert.is(shown(ended({ cause: 'source' })).status.exitCode, undefined);
  const { hourlyUSD: _price, ...unpriced } = vm.status ?? {};
  assert.is(shown({ ...ended({ cause: 'exited', code: 0 }), vm: { ...vm, status: unpriced } }).status.cost, undefined);
  assert.is(shown(sessionWorld(session('a', stopped))).status.cost, undefined);
  const seenOnce = onVM(placed('a', vm, 'launching'), vm, { run: endedRun('a', { cause: 'exited', code: 0 }) });
  assert.is(shown(seenOnce).status.startTime, ago(30));
});

test('an end says what happened', () => {
  const message = (world: SessionObserved) => shown(world).status.message;
  assert.is(message(ended({ cause: 'exited', code: 3 })), 'it exited with code 3');
  assert.is(message(ended({ cause: 'exited', signal: 9 })), 'it was ended by signal 9');
  assert.is(
    message(ended({ cause: 'exited', code: 137, message: 'the kernel ended 1 of its processes' })),
    'it exited with code 137: the kernel ended 1 of its processes',
  );
  assert.is(message(ended({ cause: 'source' })), 'its source could not be fetched');
  assert.is(message(ended({ cause: 'launch', message: 'claude: not found' })), 'claude: not found');
  assert.is(message(ended({ cause: 'lost', message: 'the VM rebooted' })), 'the VM rebooted');
  assert.is(message(onVM(placed('a', vm, 'launching'), vm, refusedRun)), 'it was not started on VM default-0');
  assert.is(message(onVM(placed('a', vm, 'yes'), vm, refusedRun)), 'VM default-0 has no trace of it any more');
  assert.is(
    message({ ...ended({ cause: 'exited', code: 0 }, {}, { logBytes: 99 }), vm: failedVM('default-0') }),
    'it exited with code 0 (its output is cut at byte 12)',
  );
  const log = { bytes: 7, lines: 1, truncated: false, tail: 'x' };
  assert.is(message(sessionWorld(placed('a', vm, 'yes'), { log })), 'VM default-0 was lost (its output is kept up to byte 7)');
  assert.is(
    message(sessionWorld(placed('a', vm, 'yes'), { vm: failedVM('default-0'), log })),
    'VM default-0 was lost, because it never booted (its output is kept up to byte 7)',
  );
  assert.match(message(sessionWorld(placed('a', vm, 'yes'), { run: run('a') })) ?? '', 'kept up to byte 12)');
  assert.is(shown(sessionWorld(placed('a', vm, 'yes'), { log })).status.output?.bytes, 7);
  assert.is(message(sessionWorld(placed('a', vm, 'yes', { spec: { retryLimit: 2 } }))), 'VM default-0 was lost: attempt 2 of 3 follows');
});

test('Started tells the intent before the launch, the start, and the loss', () => {
  assert.is(is(sessionWorld(session('a')), 'Started'), 'False Waiting');
  assert.is(is(onVM(placed('a', vm), vm), 'Started'), 'Unknown Launching');
  assert.is(is(onVM(placed('a', vm), bootingVM('default-0')), 'Started'), 'False VMBooting');
  assert.is(is(onVM(placed('a', vm), vm, { hostState: 'connecting' }), 'Started'), 'False VMBooting');
  assert.is(is(onVM(placed('a', vm, 'launching'), vm, { run: run('a') }), 'Started'), 'True Started');
  assert.is(is(sessionWorld(placed('a', vm, 'yes', { spec: { retryLimit: 1 } })), 'Started'), 'False VMLost');
  const { startTime: _start, ...unstarted } = endedRun('a', { cause: 'source' });
  assert.is(is(onVM(placed('a', vm, 'launching'), vm, { run: unstarted }), 'Started'), 'False SourceFailed');
});

test("Placed exists from the first look on, and is the pool's to change", () => {
  assert.is(is(sessionWorld(session('a')), 'Placed'), 'Unknown Waiting');
  assert.is(is(onVM(placed('a', vm), vm), 'Placed'), 'True Placed');
});

test('a session that asks something waits for input until it is answered or ends', () => {
  const asking = (waiting: object) => onVM(placed('a', vm, 'yes'), vm, { run: run('a', { waiting: { since: ago(3), ...waiting } }) });
  assert.is(is(asking({}), 'WaitingForInput'), 'True Waiting');
  assert.equal(shown(asking({ question: 'sure?' })).status.waiting, { since: ago(3), question: 'sure?' });
  const answered = { ...asking({}), session: shown(asking({})), run: run('a') };
  assert.is(is(answered, 'WaitingForInput'), 'False NotWaiting');
  assert.is(shown(answered).status.waiting, undefined);
});

test('what is left open is decided with the intent to launch, in one write, and a command leaves nothing open', () => {
  assert.is(shown(sessionWorld(session('a'))).status.launch, undefined);
  assert.is(shown(sessionWorld(placed('a', vm), { vm, hostState: 'unreachable' })).status.launch, undefined);
  const intended = onVM(placed('a', vm), vm);
  assert.equal(shown(intended).status.launch, { agent: 'amplihack', mode: 'auto', maxTurns: 10 });
  assert.equal(shown({ ...intended, session: shown(intended) }).status, shown(intended).status);
  assert.equal(shown(onVM(placed('a', vm, 'launching'), vm)).status.launch, { agent: 'amplihack', mode: 'auto', maxTurns: 10 });
  assert.is(shown(onVM(placed('a', vm, 'launching', { spec: { command: ['true'] } }), vm)).status.launch, undefined);
});

test('a request to stop is latched with the time it was first seen, also before the VM was looked at', () => {
  const world = onVM(placed('a', vm, 'yes', stopped), vm, { run: run('a') });
  assert.equal(shown(world).status.shutdown, { mode: 'Graceful', requestedTime: ago(0) });
  const later = { ...world, session: shown(world), now: NOW + 5000 };
  assert.equal(shown(later).status.shutdown, { mode: 'Graceful', requestedTime: ago(0) });
  const unseen = sessionWorld(placed('a', vm, 'yes', stopped), { vm, hostState: 'connecting' });
  assert.equal(shown(unseen).status.shutdown, { mode: 'Graceful', requestedTime: ago(0) });
});

test('output is written when it is due, its time only when it grew, and the end writes the rest', () => {
  const world = onVM(placed('a', vm, 'yes'), vm, { run: run('a') });
  assert.is(shown(world).status.output, undefined);
  const due = { ...world, outputDue: true };
  assert.equal(shown(due).status.output, { bytes: 12, lines: 1, truncated: false, updatedTime: ago(0), tail: 'hello world\n' });
  const later = { ...due, session: shown(due), now: NOW + 5000 };
  assert.is(shown(later).status.output?.updatedTime, ago(0));
  const silent = run('a', { copied: { bytes: 3, lines: 0, truncated: true, tail: '', pullRequestURL: 'https://x/pull/1' } });
  const grown = shown({ ...later, run: silent }).status;
  assert.equal(grown.output, { bytes: 3, lines: 0, truncated: true, updatedTime: ago(-5) });
  assert.equal(grown.results, { pullRequestURL: 'https://x/pull/1' });
  assert.is(shown(ended({ cause: 'exited', code: 0 })).status.output?.bytes, 12);
});

test('inputs that were typed are kept', () => {
  const world = onVM(placed('a', vm, 'yes', { status: { input: { deliveredIDs: ['q1'] } } }), vm, {
    run: run('a', { deliveredIDs: ['q1', 'q2'] }),
  });
  assert.equal(shown(world).status.input, { deliveredIDs: ['q1', 'q2'] });
});

test('after a restart of ours nothing is written before its VM was looked at', () => {
  const before = shown(onVM(placed('a', vm, 'yes'), vm, { run: run('a') }));
  assert.equal(shown(sessionWorld(before, { vm, hostState: 'connecting' })).status, before.status);
  assert.equal(shown(sessionWorld(before, { vm })).status, before.status);
});

test('a finished session is never changed', () => {
  const done = finished('a', vm, 'Failed', { spec: { shutdown: 'Immediate' } });
  assert.equal(shown(sessionWorld(done)).status, done.status);
});

test('there is nothing to write to a session that goes', () => {
  const gone = sessionWorld(finished('a', vm, 'Completed', { meta: { deletionTimestamp: ago(1) } }));
  assert.is(status(gone, decide(gone), []), undefined);
  const expired = sessionWorld(finished('a', vm, 'Completed', { spec: { ttlSecondsAfterFinished: 1 } }));
  assert.is(status(expired, decide(expired), []), undefined);
});

test('a pending session has the reason of the pool, then that of its VM, then that of its launch', () => {
  const reason = (world: SessionObserved, error?: unknown) => `${shown(world, error).status.reason}: ${shown(world, error).status.message}`;
  const full = session('a', { status: { conditions: [condition('Placed', 'False', 'PoolFull', { message: 'no room' })] } });
  assert.is(reason(sessionWorld(full)), 'PoolFull: no room');
  assert.is(reason(sessionWorld(session('a'))), 'VMBooting: a place is being looked for');
  assert.is(reason(sessionWorld(placed('a', vm))), 'VMBooting: a place is being looked for');
  const refused = bootingVM('default-0', {
    status: { conditions: [condition('Ready', 'False', 'QuotaExceeded', { message: 'no cores' })] },
  });
  assert.is(reason(sessionWorld(placed('a', vm), { vm: refused })), 'QuotaExceeded: VM default-0: no cores');
  assert.is(reason(sessionWorld(placed('a', vm), { vm: bootingVM('default-0') })), 'VMBooting: VM default-0 is being made ready');
  const { status: _status, ...unseen } = vm;
  assert.is(reason(sessionWorld(placed('a', vm), { vm: unseen })), 'VMBooting: VM default-0 is being made ready');
  const launching = onVM(placed('a', vm, 'launching'), vm);
  assert.is(reason(launching), 'VMBooting: it is being launched on VM default-0');
  assert.is(reason(launching, new OperatorError('conflict', 'changed')), 'VMBooting: it is being launched on VM default-0');
  assert.is(
    reason(launching, new OperatorError('unavailable', 'no disk')),
    'VMBooting: it could not be launched on VM default-0 yet: no disk',
  );
  assert.is(reason({ ...launching, secretProblem: 'there is no secret x' }), 'SecretNotFound: there is no secret x');
});

test.run();
