// What a VM shows of itself.
import { parseTime, timestamp } from '../../api/clock.ts';
import { type ConditionUpdate, findCondition, setConditions } from '../../api/condition.ts';
import { errorCode, errorMessage } from '../../api/error.ts';
import type { Decision, Outcome } from '../../api/reconciler.ts';
import { poolSizes } from '../../api/sizes.ts';
import type { VM, VMStatus } from '../../api/types.generated.ts';
import { collectingCondition } from './collecting.ts';
import { isDraining, wasBooted } from './facts.ts';
import { idleOf } from './idle.ts';
import type { VMAction, VMObserved } from './model.ts';
import { stateOf, type VMState } from './state.ts';

export const status = (
  observed: VMObserved,
  decision: Decision<VMAction>,
  outcomes: readonly Outcome<VMAction>[],
): { object: VM; status: VMStatus } | undefined => {
  const { vm } = observed;
  if (decision.actions.some((action) => action.do === 'release')) return undefined;
  const state = stateOf(observed);
  const updates = conditions(observed, state, outcomes);
  const { idleSince: _idleSince, ...before } = vm.status ?? {};
  return {
    object: vm,
    status: {
      ...before,
      ...machineFields(observed),
      ...idle(observed, state),
      observedGeneration: vm.metadata.generation,
      phase: phaseOf(observed, state),
      conditions: setConditions(vm.status?.conditions, updates, { time: timestamp(observed.now), generation: vm.metadata.generation }, [
        ...(updates.some(({ type }) => type === 'Reconciling') ? [] : ['Reconciling']),
      ]),
    },
  };
};

/** What was once seen stays, also when the machine is gone: it tells what it was and what it cost. */
const machineFields = ({ vm, pool, machine, hostKey }: VMObserved): Partial<VMStatus> => {
  const size = pool && poolSizes(pool.spec).find(({ name }) => name === vm.spec.size);
  const memoryMiB = machine?.memoryMiB ?? size?.memoryMiB;
  return {
    slots: vm.spec.slots,
    ...(hostKey === undefined ? {} : { hostKey }),
    ...(machine && memoryMiB !== undefined && vm.status?.memoryMiB === undefined ? { memoryMiB } : {}),
    ...(machine
      ? {
          providerID: machine.id,
          region: machine.region,
          createdTime: machine.createdTime,
          ...(machine.address === undefined ? {} : { address: machine.address }),
          ...(machine.hostKey === undefined ? {} : { hostKey: machine.hostKey }),
          ...(machine.sku === undefined || machine.sku === '' ? {} : { sku: machine.sku }),
          // The first that was known, for good: prices change with the day, and after a restart a provider knows older ones for a
          // while, and each would be a write of every VM. What its kind costs now is in the offerings; a budget looks there too.
          ...(machine.hourlyUSD === undefined ? {} : { hourlyUSD: vm.status?.hourlyUSD ?? machine.hourlyUSD }),
        }
      : {}),
  };
};

const idle = (observed: VMObserved, state: VMState): { idleSince?: string } => {
  const idle = idleOf(observed, state);
  return idle && observed.now >= idle.writeAt ? { idleSince: idle.since } : {};
};

const phaseOf = ({ vm }: VMObserved, state: VMState): NonNullable<VMStatus['phase']> => {
  if (vm.metadata.deletionTimestamp || state.is === 'deleting') return 'Deleting';
  switch (state.is) {
    case 'notOurs':
      return vm.status?.phase ?? 'Creating';
    case 'leaving':
    case 'collecting':
      return 'Draining';
    case 'failed':
    case 'fencing':
      return 'Failed';
    case 'creating':
      return 'Creating';
    case 'booting':
      return 'Booting';
    case 'ready':
    case 'reconnecting':
    case 'unreachable':
      return isDraining(vm) ? 'Draining' : 'Ready';
  }
};

const conditions = (observed: VMObserved, state: VMState, outcomes: readonly Outcome<VMAction>[]): ConditionUpdate[] => {
  const { vm } = observed;
  const ready = readyCondition(observed, state, outcomes);
  return [
    ...(ready ? [ready] : []),
    wasBooted(vm) || observed.host?.state === 'reachable'
      ? { type: 'Booted', status: 'True', reason: 'Reached', message: 'it was reached' }
      : { type: 'Booted', status: 'False', reason: 'Booting', message: 'it has not been reached yet' },
    ...(state.is === 'collecting' ? [collectingCondition(observed, state, outcomes)] : []),
    // Set and kept: a VM that failed once is replaced, never used again.
    ...(state.is === 'failed' ? [{ type: 'Failed', status: 'True' as const, reason: state.reason, message: state.message }] : []),
    ...(ready && (state.is === 'creating' || state.is === 'booting')
      ? [{ type: 'Reconciling', status: 'True' as const, reason: ready.reason, message: ready.message }]
      : []),
    ...(findCondition(vm.status?.conditions, 'Draining')
      ? []
      : [{ type: 'Draining', status: 'False' as const, reason: 'InUse', message: 'it takes sessions' }]),
  ];
};

const readyCondition = (observed: VMObserved, state: VMState, outcomes: readonly Outcome<VMAction>[]): ConditionUpdate | undefined => {
  const refused = outcomes.find(({ error }) => error !== undefined && errorCode(error) !== 'conflict');
  const no = (reason: string, message: string): ConditionUpdate => ({ type: 'Ready', status: 'False', reason, message });
  switch (state.is) {
    case 'ready':
      return { type: 'Ready', status: 'True', reason: 'Reachable', message: 'it takes sessions' };
    case 'reconnecting':
      // A restart of ours says nothing about the VM: what was known of it stands until the first look.
      return undefined;
    case 'unreachable':
      return { type: 'Ready', status: 'Unknown', reason: state.reason, message: state.message };
    case 'fencing':
      // Unknown until the machine is seen gone: since when it is so, is what the fence rests on.
      return { type: 'Ready', status: 'Unknown', reason: state.reason, message: state.message };
    case 'failed':
      return no(state.reason, state.message);
    case 'notOurs':
      return no('NotOurs', 'no pool of this namespace owns it: it is left alone');
    case 'deleting':
      return no('Deleting', refused ? errorMessage(refused.error) : 'its machine is being deleted');
    case 'collecting':
      return no('CollectingOutput', `${state.message}; it is started once, to collect its output`);
    case 'leaving':
      return no('Draining', 'it leaves once its last session has ended');
    case 'creating':
    case 'booting':
      return no(...notYet(observed, state.is, refused?.error));
  }
};

const notYet = (observed: VMObserved, is: 'creating' | 'booting', error: unknown): [string, string] => {
  if (observed.providerProblem !== undefined) return ['ProviderNotReady', observed.providerProblem];
  if (error !== undefined) return [errorCode(error) === 'quota' ? 'QuotaExceeded' : 'ProviderNotReady', errorMessage(error)];
  // Somebody has to mend it: a wrong host key is no boot that takes its time.
  if (observed.host?.reason !== undefined) return [observed.host.reason, observed.host.message ?? ''];
  // A refusal stands until the next try has had another answer.
  const before = findCondition(observed.vm.status?.conditions, 'Ready');
  if (!observed.machine && before?.reason === 'QuotaExceeded') return [before.reason, before.message];
  const since = observed.machine ? ` since ${timestamp(parseTime(observed.machine.createdTime))}` : '';
  return is === 'booting' ? ['Booting', `it is booting${since}`] : ['Creating', `its machine is being created${since}`];
};
