// The status a session or VM gets from the pool's key: Placed, Started before the launch, and Draining are its alone.
import { timestamp } from '../../api/clock.ts';
import { type ConditionUpdate, setConditions } from '../../api/condition.ts';
import type { Session, SessionStatus, VM, VMStatus } from '../../api/types.generated.ts';
import type { Wait } from './model.ts';

/** `launching` is the intent to start on a VM that is ready: recorded here, it saves a write of its own. */
export const placedStatus = (session: Session, vm: VM, attempt: number, launching: boolean, now: number): SessionStatus => ({
  ...session.status,
  vm: { name: vm.metadata.name, uid: vm.metadata.uid },
  attempt,
  conditions: withConditions(session, now, [
    { type: 'Placed', status: 'True', reason: 'Placed', message: `placed on VM ${vm.metadata.name}` },
    launching
      ? { type: 'Started', status: 'Unknown', reason: 'Launching', message: `being launched on VM ${vm.metadata.name}` }
      : { type: 'Started', status: 'False', reason: 'VMBooting', message: `waits for VM ${vm.metadata.name}` },
  ]),
});

/** Takes back a placement that can not be used any more; a lost attempt keeps being known as lost. */
export const waitingStatus = (session: Session, wait: Wait, now: number): SessionStatus => {
  const { vm: _vm, ...rest } = session.status ?? {};
  return { ...rest, conditions: withConditions(session, now, [{ type: 'Placed', status: 'False', ...wait }]) };
};

export const drainingStatus = (vm: VM, because: string, now: number): VMStatus => ({
  ...vm.status,
  phase: 'Draining',
  conditions: setConditions(vm.status?.conditions, [{ type: 'Draining', status: 'True', reason: 'Draining', message: because }], {
    time: timestamp(now),
    generation: vm.metadata.generation,
  }),
});

const withConditions = (session: Session, now: number, updates: readonly ConditionUpdate[]): NonNullable<SessionStatus['conditions']> =>
  setConditions(session.status?.conditions, updates, { time: timestamp(now), generation: session.metadata.generation });
