import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decide } from '../../../controller/reconcilers/session/decide.ts';
import type { SessionObserved } from '../../../controller/reconcilers/session/model.ts';
import { condition } from '../../builders/condition.ts';
import { pool } from '../../builders/pool.ts';
import { finished, placed, session } from '../../builders/session.ts';
import { endedRun, onVM, run, sessionWorld } from '../../builders/session-world.ts';
import { ago, NOW } from '../../builders/time.ts';
import { failedVM, readyVM } from '../../builders/vm.ts';

const test = suite('session: decide');

const vm = readyVM('default-0');
const told = (observed: SessionObserved): readonly string[] =>
  decide(observed).actions.map((action) => {
    if (action.do === 'stop') return `stop ${action.mode}: ${action.because}`;
    return action.do === 'type' ? `type ${action.input.id}` : `${action.do}: ${action.because}`;
  });
const again = (observed: SessionObserved): number | undefined => {
  const { recheckAt } = decide(observed);
  return recheckAt === undefined ? undefined : (recheckAt - NOW) / 1000;
};
const deleted = { deletionTimestamp: ago(1) };
const running = (overrides: Parameters<typeof placed>[3] = {}, facts: Parameters<typeof run>[1] = {}) =>
  onVM(placed('a', vm, 'yes', overrides), vm, { run: run('a', facts) });

test('a session is held once it has a place, before anything happens in its name', () => {
  const loose = { meta: { finalizers: [] } };
  assert.equal(told(sessionWorld(session('a', loose))), []);
  assert.equal(told(onVM(placed('a', vm, 'no', loose), vm)), ['hold: something will run in its name']);
  assert.equal(told(onVM(placed('a', vm), vm)), []);
});

test('nothing is launched that is not held, though it was placed on a ready VM', () => {
  assert.equal(told(onVM(placed('a', vm, 'launching', { meta: { finalizers: [] } }), vm)), ['hold: something will run in its name']);
});

test('the intent to launch is recorded in one pass, and the launch is another', () => {
  assert.equal(told(onVM(placed('a', vm, 'no'), vm)), []);
  assert.equal(told(onVM(placed('a', vm, 'launching'), vm)), ['launch: its VM is ready']);
  assert.is(again(onVM(placed('a', vm, 'launching'), vm)), 5);
});

test('nothing is launched while its VM does not answer', () => {
  for (const hostState of ['connecting', 'unreachable'] as const) {
    assert.equal(told(onVM(placed('a', vm, 'launching'), vm, { hostState })), []);
  }
});

test('a session that runs is left alone', () => {
  assert.equal(decide(running()).actions, []);
});

test('a session that is to stop is stopped once, in the mode asked for', () => {
  const graceful = { spec: { shutdown: 'Graceful' as const } };
  const abrupt = { spec: { shutdown: 'Immediate' as const } };
  assert.equal(told(running(graceful)), ['stop Graceful: shutdown Graceful was requested']);
  assert.equal(told(running(graceful, { stopping: 'Graceful' })), []);
  assert.equal(told(running(abrupt, { stopping: 'Graceful' })), ['stop Immediate: shutdown Immediate was requested']);
  assert.equal(told(running(abrupt, { stopping: 'Immediate' })), []);
  assert.equal(told(running(graceful, { stopping: 'Immediate' })), []);
});

test('a session is stopped while its source is still fetched', () => {
  assert.is(told(running({ spec: { shutdown: 'Graceful' } }, { state: 'preparing' })).length, 1);
});

test('a request to stop stays, though it is taken back', () => {
  const latched = (mode: 'Graceful' | 'Immediate') => running({ status: { shutdown: { mode, requestedTime: ago(5) } } });
  assert.equal(told(latched('Graceful')), ['stop Graceful: shutdown Graceful was requested']);
  assert.equal(told(latched('Immediate')), ['stop Immediate: shutdown Immediate was requested']);
});

test('deleting a session, or its pool at once, stops it', () => {
  assert.equal(told(running({ meta: deleted })), ['stop Graceful: shutdown Graceful was requested']);
  const now = pool({ meta: { ...deleted, annotations: { 'berth.dev/delete-now': 'true' } } });
  assert.equal(told({ ...running(), pool: now }), ['stop Immediate: shutdown Immediate was requested']);
  assert.equal(told({ ...running(), pool: pool({ meta: deleted }) }), []);
});

test('nothing is asked of a VM that does not answer', () => {
  assert.equal(told({ ...running({ spec: { shutdown: 'Graceful' } }), hostState: 'unreachable' }), []);
  assert.equal(told({ ...running({ spec: { shutdown: 'Graceful' } }), hostState: 'connecting' }), []);
});

test('the VM keeps the deadline, and is told when it was moved, set or taken away', () => {
  const due = (seconds: number | undefined, facts: object = {}) =>
    running({ spec: seconds === undefined ? {} : { activeDeadlineSeconds: seconds } }, facts);
  const start = Date.parse(running().session.status?.startTime ?? '') / 1000;
  assert.equal(told(due(60, { deadline: start + 60 })), []);
  assert.equal(told(due(60, { deadline: start + 55 })), [], 'the start was not known to the second at the launch');
  assert.equal(told(due(60, { deadline: start + 54 })), ['setDeadline: activeDeadlineSeconds was changed']);
  assert.equal(told(due(60)), ['setDeadline: activeDeadlineSeconds was changed']);
  assert.equal(told(due(undefined, { deadline: start + 60 })), ['setDeadline: activeDeadlineSeconds was changed']);
  assert.equal(told(due(60, { stopping: 'Graceful' })), []);
});

test('a launch that was meant and is not wanted any more is refused by the VM itself', () => {
  const stopped = { spec: { shutdown: 'Graceful' } } as const;
  assert.equal(told(onVM(placed('a', vm, 'launching', stopped), vm)), ['refuse: it was stopped before it was started']);
  assert.equal(told(onVM(placed('a', vm, 'launching', stopped), vm, { hostState: 'connecting' })), []);
});

test('nothing is launched on a VM that was started for the output on it', () => {
  const collecting = readyVM('default-0', { status: { conditions: [condition('CollectingOutput', 'True', 'MachineStopped')] } });
  const intended = placed('a', vm, 'launching');
  assert.equal(told(onVM(intended, collecting)), ['refuse: its VM was started for the output on it alone']);
  assert.equal(told(onVM(intended, collecting, { hostState: 'connecting' })), []);
  assert.equal(told(onVM(placed('a', vm, 'launching', { meta: { finalizers: [] } }), collecting)).length, 1);
  // What was launched before is told as it ended.
  assert.equal(told(onVM(placed('a', vm, 'yes'), collecting, { run: endedRun('a', { cause: 'lost' }) })), []);
});

test('a VM is asked for a session that was started and is not in sight, before anything is concluded', () => {
  assert.equal(told(onVM(placed('a', vm, 'yes'), vm)), ['refuse: it was started, and its VM shows no trace of it']);
  assert.equal(told(onVM(placed('a', vm, 'yes'), vm, { hostState: 'connecting' })), []);
});

test('an input is typed once it is recorded that it will be, and while the run takes it', () => {
  const input = ['q1', 'q2'].map((id) => ({ id, text: id }));
  const status = { input: { deliveredIDs: ['q1'], typing: { id: 'q2', attempt: 1 } } };
  assert.equal(told(running({ spec: { input } })), []);
  assert.equal(told(running({ spec: { input }, status })), ['type q2']);
  assert.equal(told(running({ spec: { input }, status }, { deliveredIDs: ['q1', 'q2'] })), []);
  assert.equal(told(running({ spec: { input }, status }, { state: 'preparing' })), []);
  assert.equal(told(running({ spec: { input, shutdown: 'Graceful' }, status }, { stopping: 'Graceful' })), []);
});

test('output that was not written into status yet is looked at again soon', () => {
  assert.is(again(running()), 1);
  assert.is(again(running({ status: { output: { bytes: 12, lines: 1, truncated: false, updatedTime: ago(1) } } })), undefined);
  assert.is(again({ ...running(), outputDue: true }), undefined);
});

test('a deadline may pass while the next attempt waits, and is looked at just then', () => {
  assert.is(again(sessionWorld(placed('a', vm, 'lost', { spec: { activeDeadlineSeconds: 40 } }))), 10);
  assert.is(again(sessionWorld(session('a', { spec: { activeDeadlineSeconds: 40 } }))), undefined);
});

test('nothing is done to a session that ended, was lost, is collected, or was not seen since a restart', () => {
  const worlds = [
    onVM(placed('a', vm, 'yes'), vm, { run: endedRun('a', { cause: 'exited', code: 0 }) }),
    onVM(placed('a', vm, 'yes'), vm, { run: endedRun('a', { cause: 'exited', code: 0 }, { logBytes: 99 }) }),
    sessionWorld(placed('a', vm, 'yes'), { vm: failedVM('default-0') }),
    sessionWorld(placed('a', vm, 'yes', { spec: { retryLimit: 1 } })),
    sessionWorld(placed('a', vm, 'yes'), { vm, hostState: 'connecting' }),
    sessionWorld(placed('a', vm, 'yes', { meta: deleted }), { vm, hostState: 'unreachable' }),
  ];
  for (const world of worlds) assert.equal(decide(world), { actions: [] });
});

test('a finished session is cleaned at once, one that failed after 24 hours', () => {
  const done = (phase: 'Completed' | 'Failed', seconds: number) =>
    onVM(finished('a', vm, phase, { status: { completionTime: ago(seconds) } }), vm, { run: endedRun('a', { cause: 'exited' }) });
  assert.equal(told(done('Completed', 0)), ['clean: it has finished and its output is kept']);
  assert.equal(told(done('Failed', 86_399)), []);
  assert.is(again(done('Failed', 86_399)), 1);
  assert.is(told(done('Failed', 86_400)).length, 1);
  assert.equal(told({ ...done('Completed', 0), hostState: 'unreachable' }), []);
});

test('a deleted session is cleaned, then released; where its VM can not be asked it is only released', () => {
  const gone = finished('a', vm, 'Failed', { meta: deleted });
  const ended = endedRun('a', { cause: 'exited' });
  assert.equal(told(onVM(gone, vm, { run: ended })), ['clean: it has finished and its output is kept']);
  assert.equal(told(onVM(gone, vm)), ['release: it has finished']);
  assert.equal(told(onVM(gone, vm, { run: ended, hostState: 'unreachable' })), ['release: it has finished']);
  assert.equal(told(onVM(finished('a', vm, 'Failed', { meta: { ...deleted, finalizers: ['other'] } }), vm)), []);
});

test('a deleted session that was never held is not held any more', () => {
  assert.equal(told(sessionWorld(session('a', { meta: { ...deleted, finalizers: ['other'] } }))), []);
  assert.equal(told(onVM(placed('a', vm, 'launching', { meta: { ...deleted, finalizers: [] } }), vm, { hostState: 'connecting' })), []);
});

test('an abandoned session is released whatever runs', () => {
  const abandoned = (finalizers?: readonly string[]) =>
    running({ meta: { ...deleted, annotations: { 'berth.dev/abandon': 'true' }, ...(finalizers ? { finalizers } : {}) } });
  assert.equal(told(abandoned()), ['release: it is abandoned: what runs is left as it is']);
  assert.equal(told(abandoned([])), []);
  assert.equal(told(running({ meta: { annotations: { 'berth.dev/abandon': 'true' } } })), []);
});

test('a finished session is deleted when its time is over', () => {
  const kept = (ttl: number) => sessionWorld(finished('a', vm, 'Completed', { spec: { ttlSecondsAfterFinished: ttl } }));
  assert.equal(told(kept(10)), ['expire: it finished 10 s ago']);
  assert.equal(told(kept(0)), ['expire: it finished 0 s ago']);
  assert.equal(told(kept(11)), []);
  assert.is(again(kept(11)), 1);
  assert.equal(decide(sessionWorld(finished('a', vm, 'Completed'))), { actions: [] });
});

test('a finished session of which nobody knows when it ended counts from now', () => {
  const { completionTime: _time, ...status } = finished('a', vm, 'Completed').status ?? {};
  const odd = { ...finished('a', vm, 'Completed', { spec: { ttlSecondsAfterFinished: 5 } }), status };
  assert.is(again(sessionWorld(odd)), 5);
});

test.run();
