import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { SessionStatus } from '../../../controller/api/types.generated.ts';
import { inputStatus, inputToType } from '../../../controller/reconcilers/session/input.ts';
import type { SessionObserved } from '../../../controller/reconcilers/session/model.ts';
import { placed } from '../../builders/session.ts';
import { endedRun, onVM, run } from '../../builders/session-world.ts';
import { readyVM } from '../../builders/vm.ts';

const test = suite('session: input');

const vm = readyVM('default-0');
const listed = ['q1', 'q2', 'q3'].map((id) => ({ id, text: id }));
const known = (deliveredIDs: string[], typing?: string, attempt = 1): NonNullable<SessionStatus['input']> => ({
  deliveredIDs,
  ...(typing === undefined ? {} : { typing: { id: typing, attempt } }),
});
const world = (before: SessionStatus['input'] | undefined, seen: Partial<SessionObserved>, spec = {}, attempt = 1): SessionObserved =>
  onVM(placed('a', vm, 'yes', { spec: { input: listed, ...spec }, status: { attempt, ...(before ? { input: before } : {}) } }), vm, {
    run: run('a'),
    ...seen,
  });
const told = (...deliveredIDs: string[]) => ({ run: run('a', { deliveredIDs }) });

for (const [what, observed, after, type] of [
  ['the first is recorded before it is typed', world(undefined, {}), known([], 'q1'), undefined],
  ['the one that is recorded is typed, again and again until the VM tells', world(known([], 'q1'), {}), known([], 'q1'), 'q1'],
  ['the next is recorded once the VM told of it', world(known([], 'q1'), told('q1')), known(['q1'], 'q2'), undefined],
  ['nothing is left after the last', world(known(['q1', 'q2'], 'q3'), told('q1', 'q2', 'q3')), known(['q1', 'q2', 'q3']), undefined],
  ['nothing new is begun on a run that prepares', world(undefined, { run: run('a', { state: 'preparing' }) }), undefined, undefined],
  ['nor on one that is being stopped', world(undefined, { run: run('a', { stopping: 'Graceful' }) }), undefined, undefined],
  ['nor when a stop is asked for', world(undefined, {}, { shutdown: 'Graceful' }), undefined, undefined],
  ['nor out of reach', world(known(['q1']), { hostState: 'unreachable' }), known(['q1']), undefined],
  ['what was begun stands while its VM is out of sight', world(known([], 'q1'), { hostState: 'connecting' }), known([], 'q1'), 'q1'],
  [
    'what was begun in an attempt that was lost is not given to the next',
    world(known([], 'q1', 1), { run: run('a', { attempt: 2 }) }, {}, 2),
    known(['q1'], 'q2', 2),
    undefined,
  ],
  [
    'an end says what was typed, and what was not',
    world(known([], 'q1'), { run: endedRun('a', { cause: 'exited' }) }),
    undefined,
    undefined,
  ],
  [
    'where the VM has no trace of the run any more, it may have been typed',
    world(known([], 'q1'), { run: untraced() }),
    known(['q1']),
    undefined,
  ],
  ['one that the user took back meanwhile may have been typed', world(known([], 'q0'), {}), known(['q0'], 'q1'), undefined],
] as const) {
  test(what, () => {
    assert.equal(inputStatus(observed).input, after);
    assert.is(inputToType(observed)?.id, type);
  });
}

/** The VM's answer to a question about a run it has never heard of. */
function untraced() {
  const { startTime: _startTime, ...rest } = endedRun('a', { cause: 'refused' });
  return rest;
}

test.run();
