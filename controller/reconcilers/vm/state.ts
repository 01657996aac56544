// Where a VM stands, worked out once for both decide and status.
import { parseTime } from '../../api/clock.ts';
import { findCondition } from '../../api/condition.ts';
import type { VM } from '../../api/types.generated.ts';
import { isDraining, isFailed, wasBooted } from './facts.ts';
import type { VMObserved } from './model.ts';

/** Deleting is the object's end, leaving the pool's word, failed the machine's end. After a restart of ours: reconnecting. */
export type VMState =
  | { readonly is: 'notOurs' | 'deleting' | 'leaving' | 'creating' | 'booting' | 'ready' | 'reconnecting' }
  | { readonly is: 'unreachable'; readonly since: number; readonly message: string }
  | { readonly is: 'failed' | 'fencing'; readonly reason: string; readonly message: string };

const BOOT_TIMEOUT_SECONDS = 900;
const UNREACHABLE_TIMEOUT_SECONDS = 3600;

export const stateOf = (observed: VMObserved): VMState => {
  const { vm, pool, machine, host } = observed;
  if (vm.metadata.deletionTimestamp && !isWaitedFor(observed)) return { is: 'deleting' };
  if (!pool) return { is: 'notOurs' };
  if (isFailed(vm)) {
    const failed = findCondition(vm.status?.conditions, 'Failed');
    return { is: 'failed', reason: failed?.reason ?? 'Failed', message: failed?.message ?? '' };
  }
  if (observed.providerProblem === undefined) {
    const lost = machineLost(observed);
    if (lost) return { is: 'failed', ...lost };
  }
  if (host?.state === 'reachable') return { is: isDraining(vm) ? 'leaving' : 'ready' };
  if (wasBooted(vm)) return outOfReach(observed);
  if (isDraining(vm)) return { is: 'leaving' };
  if (observed.now >= bootDeadline(observed)) {
    const message = `it was not ready ${pool.spec.bootTimeoutSeconds ?? BOOT_TIMEOUT_SECONDS} s after its creation${host?.message ? `: ${host.message}` : ''}`;
    return { is: 'failed', reason: 'BootTimeout', message };
  }
  return { is: machine?.state === 'running' ? 'booting' : 'creating' };
};

/** Sessions that may run on it: their machine can still be lost, or be out of reach, and they are not to wait for ever. */
const isWaitedFor = ({ vm, pool, sessions }: VMObserved): boolean =>
  pool !== undefined && wasBooted(vm) && sessions.length > 0 && vm.metadata.annotations?.['berth.dev/abandon'] !== 'true';

/** A machine that was seen and is not listed any more is gone for good; one that stopped has ended all it ran. */
const machineLost = ({ vm, machine }: VMObserved): { reason: string; message: string } | undefined => {
  if (!machine) return vm.status?.providerID === undefined ? undefined : goneBecause(vm);
  switch (machine.state) {
    case 'failed':
    case 'stopped':
      return {
        reason: machine.state === 'failed' ? 'MachineFailed' : 'MachineStopped',
        message: machine.message ?? `its machine has ${machine.state}`,
      };
    case 'deleting':
      return { reason: 'MachineGone', message: 'its machine is being deleted' };
    case 'creating':
    case 'running':
      return undefined;
  }
};

const goneBecause = (vm: VM): { reason: string; message: string } => {
  const ready = findCondition(vm.status?.conditions, 'Ready');
  return ready?.reason === 'Fenced'
    ? { reason: 'Fenced', message: ready.message }
    : { reason: 'MachineGone', message: 'its machine does not exist any more' };
};

/** Past the pool's patience the machine is deleted, so that what ran on it has provably ended (SPEC 2.2). */
const outOfReach = ({ vm, pool, host, now }: VMObserved): VMState => {
  if (!host || host.state === 'connecting') return { is: 'reconnecting' };
  const message = host.message ?? 'it does not answer';
  const ready = findCondition(vm.status?.conditions, 'Ready');
  const since = ready?.status === 'Unknown' ? parseTime(ready.lastTransitionTime) : now;
  const patience = (pool?.spec.unreachableTimeoutSeconds ?? UNREACHABLE_TIMEOUT_SECONDS) * 1000;
  if (patience > 0 && now >= since + patience) {
    return { is: 'fencing', reason: 'Fenced', message: `it was unreachable for ${patience / 1000} s (${message}): its machine is deleted` };
  }
  return { is: 'unreachable', since, message };
};

export const bootDeadline = ({ vm, pool }: VMObserved): number =>
  parseTime(vm.metadata.creationTimestamp) + (pool?.spec.bootTimeoutSeconds ?? BOOT_TIMEOUT_SECONDS) * 1000;

export const fenceDeadline = ({ pool }: VMObserved, since: number): number | undefined => {
  const seconds = pool?.spec.unreachableTimeoutSeconds ?? UNREACHABLE_TIMEOUT_SECONDS;
  return seconds === 0 ? undefined : since + seconds * 1000;
};
