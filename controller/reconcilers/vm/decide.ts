// What happens next to a VM and its machine.
import { parseTime } from '../../api/clock.ts';
import { isAbandoned } from '../../api/object.ts';
import type { Decision } from '../../api/reconciler.ts';
import { collectingDeadline, collectingSince, isStartIntended } from './collecting.ts';
import { isDraining } from './facts.ts';
import { idleOf } from './idle.ts';
import type { VMAction, VMObserved } from './model.ts';
import { bootDeadline, fenceDeadline, stateOf, type VMState } from './state.ts';

/** How often a machine that is on its way in or out is looked at: no provider tells us of its own accord. */
const POLL_MS = { first: 2_000, longest: 15_000 };
/** How often a machine is looked at that should simply be there. */
const CHECK_MS = 60_000;

export const decide = (observed: VMObserved): Decision<VMAction> => {
  const state = stateOf(observed);
  const actions = actionsFor(observed, state);
  const recheckAt = recheck(observed, state);
  return recheckAt === undefined ? { actions } : { actions, recheckAt };
};

const actionsFor = (observed: VMObserved, state: VMState): readonly VMAction[] => {
  switch (state.is) {
    case 'notOurs':
      return [];
    case 'deleting':
      return deleting(observed);
    case 'failed':
      return leave(observed, state.message);
    case 'fencing':
      return machineGoes(observed, state.message);
    case 'leaving':
      return leave(observed, 'it is draining and has no sessions left');
    case 'creating':
    case 'booting':
      return [...create(observed), ...connect(observed)];
    case 'collecting':
      return [...start(observed), ...connect(observed), ...leave(observed, 'it is draining, and its output is collected')];
    case 'ready':
      return strays(observed);
    case 'reconnecting':
    case 'unreachable':
      return [...connect(observed), ...leave(observed, 'it is draining and has no sessions left')];
  }
};

/** Not before this pass has written down the keys it will show: a crash leaves no machine that nobody can verify. */
const create = ({ machine, hostKey, providerProblem }: VMObserved): VMAction[] =>
  machine || hostKey !== undefined || providerProblem !== undefined ? [] : [{ do: 'createMachine', because: 'it has no machine' }];

/** Not before this pass has written down that it will: a crash leaves no machine that is started again and again. */
const start = (observed: VMObserved): VMAction[] =>
  isStartIntended(observed) ? [{ do: 'startMachine', because: 'its machine was deallocated, and output may be left on it' }] : [];

const connect = ({ machine, host }: VMObserved): VMAction[] =>
  machine?.state === 'running' && !host ? [{ do: 'connect', because: 'its machine runs' }] : [];

/** Requests the end of the object; the machine goes after it, under the finalizer. */
const leave = ({ vm, sessions }: VMObserved, because: string): VMAction[] =>
  isDraining(vm) && sessions.length === 0 ? [{ do: 'deleteVM', because }] : [];

const machineGoes = ({ machine, providerProblem }: VMObserved, because: string): VMAction[] =>
  machine && machine.state !== 'deleting' && providerProblem === undefined ? [{ do: 'deleteMachine', because }] : [];

const deleting = (observed: VMObserved): VMAction[] => {
  const { vm, machine, sessions, pool, providerProblem, host } = observed;
  if (isAbandoned(vm)) return [{ do: 'release', because: 'it is abandoned: its machine is left as it is' }];
  if (!pool) return [{ do: 'release', because: 'its pool was abandoned: its machine is left as it is' }];
  if (sessions.length > 0 || !isDraining(vm)) return connect(observed);
  if (providerProblem !== undefined) return [];
  if (machine && pool.spec.deletionPolicy !== 'Retain') return machineGoes(observed, 'its VM object is deleted');
  return [
    ...(host ? [{ do: 'disconnect' as const, because: 'its VM object is deleted' }] : []),
    { do: 'release', because: machine ? 'its machine is retained' : 'its machine is gone' },
  ];
};

/** A session whose object is gone (released while out of reach) leaves nothing behind that runs or takes room. */
const strays = ({ strayRuns }: VMObserved): VMAction[] =>
  strayRuns.map(({ ended, ...run }) => ({
    do: ended ? 'cleanStray' : 'stopStray',
    run,
    because: 'its session does not exist any more',
  }));

const recheck = (observed: VMObserved, state: VMState): number | undefined => {
  const { now, vm, sessions } = observed;
  switch (state.is) {
    case 'notOurs':
      return undefined;
    case 'deleting':
      return sessions.length === 0 ? now + pollAfter(now - state.since) : undefined;
    case 'fencing':
      return now + POLL_MS.first;
    case 'creating':
    case 'booting':
      return Math.min(now + pollAfter(now - parseTime(vm.metadata.creationTimestamp)), Math.max(now, bootDeadline(observed)));
    case 'collecting':
      return Math.min(now + pollAfter(now - collectingSince(observed)), collectingDeadline(observed));
    case 'unreachable':
      return Math.min(now + CHECK_MS, fenceDeadline(observed, state.since) ?? Number.POSITIVE_INFINITY);
    case 'ready':
      return Math.min(now + CHECK_MS, untold(observed, state));
    case 'failed':
    case 'reconnecting':
    case 'leaving':
      return now + CHECK_MS;
  }
};

/** When it is to be told that it is idle. */
const untold = (observed: VMObserved, state: VMState): number => {
  const { writeAt = 0 } = idleOf(observed, state) ?? {};
  return writeAt > observed.now ? writeAt : Number.POSITIVE_INFINITY;
};

/** The longer it has taken already, the less a moment more matters: clouds count requests. */
const pollAfter = (waitedMs: number): number => Math.min(POLL_MS.longest, Math.max(POLL_MS.first, waitedMs / 8));
