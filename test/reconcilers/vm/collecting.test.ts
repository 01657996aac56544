// A machine that was deallocated under its sessions, pass by pass: what is decided, and what is written down.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Condition, findCondition } from '../../../controller/api/condition.ts';
import { OperatorError } from '../../../controller/api/error.ts';
import type { VM } from '../../../controller/api/types.generated.ts';
import { decide } from '../../../controller/reconcilers/vm/decide.ts';
import { isCollecting } from '../../../controller/reconcilers/vm/facts.ts';
import type { VMObserved } from '../../../controller/reconcilers/vm/model.ts';
import { status } from '../../../controller/reconcilers/vm/status.ts';
import { condition } from '../../builders/condition.ts';
import { placed } from '../../builders/session.ts';
import { ago, NOW } from '../../builders/time.ts';
import { readyVM } from '../../builders/vm.ts';
import { host, machine, vmWorld } from '../../builders/vm-world.ts';

const test = suite('vm: collecting');

/** What is done, and phase, Ready, CollectingOutput and Failed after it. */
const pass = (observed: VMObserved, error?: unknown): string => {
  const decision = decide(observed);
  const outcomes = decision.actions.map((action) => ({ action, ...(error === undefined ? {} : { error }) }));
  const written = status(observed, decision, outcomes)?.status;
  const shown = (type: string): string => {
    const found = findCondition(written?.conditions, type);
    return found ? `, ${type} ${found.status} ${found.reason}` : '';
  };
  const done = decision.actions.map((action) => action.do).join(' ') || 'nothing';
  return `${done}: ${written?.phase}${shown('Ready')}${shown('CollectingOutput')}${shown('Failed')}`;
};
const off = machine('deallocated', { reason: 'MachineStopped', message: 'its machine was deallocated' });
const begun = (state: Condition['status'], seconds = 10): Condition =>
  condition('CollectingOutput', state, 'MachineStopped', { lastTransitionTime: ago(seconds), message: 'its machine was deallocated' });
const vmWith = (...conditions: Condition[]): VM => readyVM('default-0', { status: { conditions } });
const world = (vm: VM, more: Partial<VMObserved>): VMObserved => vmWorld(vm, { sessions: [placed('a', vm, 'yes')], ...more });
const LOST = 'nothing: Failed, Ready False MachineStopped, Failed True MachineStopped';
const COLLECTING = 'Draining, Ready False CollectingOutput, CollectingOutput';
const GIVEN_UP = 'Failed, Ready False MachineStopped';
const TOO_LATE = 'its machine was deallocated; started for its output, it was not reached within 900 s';
const again = (observed: VMObserved): number => ((decide(observed).recheckAt ?? 0) - NOW) / 1000;

test('a machine that was deallocated under a session is started, after that was written down', () => {
  assert.is(pass(world(vmWith(), { machine: off })), `nothing: ${COLLECTING} Unknown MachineStopped`);
  assert.is(pass(world(vmWith(begun('Unknown')), { machine: off })), `startMachine: ${COLLECTING} Unknown MachineStopped`);
  const after = (seconds: number) => again(world(vmWith(begun('Unknown', seconds)), { machine: off }));
  assert.equal([0, 80, 400, 897].map(after), [2, 10, 15, 3]);
  const [action] = decide(world(vmWith(begun('Unknown')), { machine: off })).actions;
  assert.is(action?.because, 'its machine was deallocated, and output may be left on it');
});

test('so is one of which a session may have been launched, and not one on which nothing was', () => {
  const vm = vmWith();
  assert.match(pass(vmWorld(vm, { machine: off, sessions: [placed('a', vm, 'launching')] })), 'CollectingOutput Unknown');
  for (const sessions of [[], [placed('a', vm, 'no')], [placed('a', vm, 'lost')]])
    assert.is(pass(vmWorld(vm, { machine: machine('deallocated'), sessions })), LOST);
  // What only stopped costs as much as before, and is no machine to be started.
  const stopped = machine('stopped', { reason: 'MachineStopped' });
  assert.is(pass(world(vm, { machine: stopped })), LOST);
});

test('it is never started again once it was seen to start', () => {
  assert.is(pass(world(vmWith(begun('Unknown')), { machine: machine('creating') })), `nothing: ${COLLECTING} True MachineStopped`);
  assert.is(
    pass(world(vmWith(begun('True')), { machine: off })),
    `nothing: ${GIVEN_UP}, CollectingOutput True MachineStopped, Failed True MachineStopped`,
  );
});

test('what runs is connected to, and collected from for as long as it is reached', () => {
  assert.is(pass(world(vmWith(begun('Unknown')), { machine: machine() })), `connect: ${COLLECTING} True MachineStopped`);
  const late = world(vmWith(begun('True', 10_000)), { machine: machine(), host: host() });
  assert.is(pass(late), `nothing: ${COLLECTING} True MachineStopped`);
  assert.is(again(late), 15);
  const lostAgain = { ...late, host: host('unreachable', { since: NOW - 899_000 }) };
  assert.is(pass(lostAgain), `nothing: ${COLLECTING} True MachineStopped`);
  assert.is(again(lostAgain), 1);
  // A host that was seen before the machine stopped says nothing of what is started.
  assert.match(pass(world(vmWith(begun('Unknown', 901)), { machine: off, host: host() })), 'Failed True');
});

test('a controller that has just come gives up nothing that it has not looked at, however long ago it was started', () => {
  const late = world(vmWith(begun('True', 10_000)), { machine: machine() });
  assert.is(pass(late), `connect: ${COLLECTING} True MachineStopped`);
  assert.is(pass({ ...late, host: host('connecting') }), `nothing: ${COLLECTING} True MachineStopped`);
  assert.is(pass(world(vmWith(begun('True', 10_000)), { providerProblem: 'no network' })), `nothing: ${COLLECTING} True MachineStopped`);
});

test('while the provider can not be asked, what was recorded stands', () => {
  for (const state of ['Unknown', 'True'] as const) {
    const unasked = world(vmWith(begun(state)), { providerProblem: 'no network' });
    assert.is(pass(unasked), `nothing: ${COLLECTING} ${state} MachineStopped`);
  }
});

test('one that does not come up in the boot timeout is given up, and says so', () => {
  for (const found of [off, machine('creating')]) {
    const observed = world(vmWith(begun(found === off ? 'Unknown' : 'True', 900)), { machine: found, host: host('unreachable') });
    assert.match(pass(observed), `nothing: ${GIVEN_UP}, CollectingOutput `);
    assert.is(findCondition(status(observed, decide(observed), [])?.status.conditions, 'Failed')?.message, TOO_LATE);
  }
});

test('one that may be up is deleted before anything on it is called lost', () => {
  const out = { host: host('unreachable', { since: NOW - 900_000 }) };
  const observed = world(vmWith(begun('True', 10_000)), { machine: machine(), ...out });
  const fenced = 'Failed, Ready Unknown Fenced, CollectingOutput True MachineStopped';
  assert.is(pass(observed), `deleteMachine: ${fenced}`);
  assert.is(decide(observed).actions[0]?.because, TOO_LATE);
  assert.is(pass({ ...world(observed.vm, out), providerProblem: 'no network' }), `nothing: ${fenced}`);
  const shown = status(observed, decide(observed), [])?.status ?? {};
  const gone = world(readyVM('default-0', { status: { ...shown, providerID: 'machine-1' } }), out);
  assert.is(pass(gone), 'nothing: Failed, Ready False Fenced, CollectingOutput True MachineStopped, Failed True Fenced');
  assert.is(findCondition(status(gone, decide(gone), [])?.status.conditions, 'Failed')?.message, TOO_LATE);
});

test('one that is not to be had any more is given up at once; another trouble is only that', () => {
  const observed = world(vmWith(begun('Unknown')), { machine: off });
  assert.is(pass(observed, new OperatorError('quota', 'no capacity')), `startMachine: ${COLLECTING} False MachineStopped`);
  assert.is(pass(observed, new OperatorError('unavailable', 'no network')), `startMachine: ${COLLECTING} Unknown MachineStopped`);
  const refused = world(vmWith({ ...begun('False'), message: 'it is not to be had' }), { machine: off });
  assert.match(pass(refused), 'Failed True MachineStopped');
  assert.is(findCondition(status(refused, decide(refused), [])?.status.conditions, 'Failed')?.message, 'it is not to be had');
});

test('it leaves once it is drained and its sessions have ended, also where its deletion was asked for', () => {
  const vm = vmWith(begun('True'), condition('Draining', 'True'));
  assert.ok(isCollecting(vm));
  const up = { machine: machine(), host: host() };
  assert.match(pass(world(vm, up)), `nothing: ${COLLECTING} True`);
  assert.match(pass(vmWorld(vm, up)), `deleteVM: ${COLLECTING} True`);
  const deleted = readyVM('default-0', { meta: { deletionTimestamp: ago(1) }, status: vm.status ?? {} });
  assert.match(pass(world(deleted, up)), 'nothing: Deleting, Ready False CollectingOutput');
  assert.match(pass(vmWorld(deleted, up)), 'deleteMachine: Deleting');
});

test.run();
