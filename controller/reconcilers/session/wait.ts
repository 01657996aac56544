// The one reason why a pending session waits (SPEC 3.6): the pool's word before it is placed, its VM's after.
import { type Condition, findCondition } from '../../api/condition.ts';
import { errorCode, errorMessage } from '../../api/error.ts';
import type { Outcome } from '../../api/reconciler.ts';
import type { SessionAction, SessionObserved } from './model.ts';

export interface Wait {
  readonly reason: string;
  readonly message: string;
}

export const waitOf = (observed: SessionObserved, outcomes: readonly Outcome<SessionAction>[]): Wait => {
  const { session, vm, secretProblem } = observed;
  const placed = findCondition(session.status?.conditions, 'Placed');
  if (placed?.status !== 'True' || !vm) {
    return placed?.status === 'False'
      ? { reason: placed.reason, message: placed.message }
      : { reason: 'VMBooting', message: 'a place is being looked for' };
  }
  if (secretProblem !== undefined) return { reason: 'SecretNotFound', message: secretProblem };
  const refused = outcomes.find(({ action, error }) => action.do === 'launch' && error !== undefined && errorCode(error) !== 'conflict');
  if (refused)
    return { reason: 'VMBooting', message: `it could not be launched on VM ${vm.metadata.name} yet: ${errorMessage(refused.error)}` };
  const ready = findCondition(vm.status?.conditions, 'Ready');
  if (ready?.status === 'True') return { reason: 'VMBooting', message: `it is being launched on VM ${vm.metadata.name}` };
  return vmWait(vm.metadata.name, ready);
};

const PASSED_ON = new Set(['QuotaExceeded', 'ProviderNotReady', 'HostKeyMismatch']);

const vmWait = (name: string, ready: Condition | undefined): Wait =>
  ready && PASSED_ON.has(ready.reason)
    ? { reason: ready.reason, message: `VM ${name}: ${ready.message}` }
    : { reason: 'VMBooting', message: `VM ${name} is being made ready` };
