// Where a VM stands, worked out once for both decide and status.
import { parseTime } from '../../api/clock.ts';
import { type Condition, findCondition } from '../../api/condition.ts';
import { isAbandoned } from '../../api/object.ts';
import { poolSettings } from '../../api/settings.ts';
import type { VM } from '../../api/types.generated.ts';
import { collectingState, collectionOf, mayStart } from './collecting.ts';
import { isDraining, wasBooted } from './facts.ts';
import type { VMObserved } from './model.ts';

/**
 * Deleting is the object's end, leaving the pool's word, failed the machine's end; collecting, it is started for its output
 * alone. After a restart of ours: reconnecting.
 */
export type VMState =
  | { readonly is: 'notOurs' | 'leaving' | 'creating' | 'booting' | 'ready' | 'reconnecting' }
  | { readonly is: 'deleting'; readonly since: number }
  | { readonly is: 'unreachable'; readonly since: number; readonly reason: string; readonly message: string }
  | { readonly is: 'failed' | 'fencing' | 'collecting'; readonly reason: string; readonly message: string };

export const stateOf = (observed: VMObserved): VMState => {
  const { vm, pool, machine, host } = observed;
  if (vm.metadata.deletionTimestamp && !isWaitedFor(observed)) return { is: 'deleting', since: parseTime(vm.metadata.deletionTimestamp) };
  if (!pool) return { is: 'notOurs' };
  const failed = findCondition(vm.status?.conditions, 'Failed');
  if (failed?.status === 'True') return { is: 'failed', reason: failed.reason, message: failed.message };
  const lost = observed.providerProblem === undefined ? machineLost(observed) : undefined;
  const collection = collectionOf(observed);
  if (lost) return mayStart(observed) ? collectingState(observed, lost) : { is: 'failed', ...whyLost(lost, collection) };
  if (machine?.state === 'deleting') return { is: 'fencing', ...endBecause(vm, 'MachineDeleting', 'its machine is being deleted') };
  if (collection) return collectingState(observed, collection);
  if (host?.state === 'reachable') return { is: isDraining(vm) ? 'leaving' : 'ready' };
  if (wasBooted(vm)) return outOfReach(observed);
  if (isDraining(vm)) return { is: 'leaving' };
  if (observed.now >= bootDeadline(observed)) {
    const message = `it was not ready ${poolSettings(pool.spec).bootTimeoutSeconds} s after its creation${host?.message ? `: ${host.message}` : ''}`;
    return { is: 'failed', reason: 'BootTimeout', message };
  }
  return { is: machine?.state === 'running' ? 'booting' : 'creating' };
};

/** Sessions that may run on it: their machine can still be lost, or be out of reach, and they are not to wait for ever. */
const isWaitedFor = ({ vm, pool, sessions }: VMObserved): boolean =>
  pool !== undefined && wasBooted(vm) && sessions.length > 0 && !isAbandoned(vm);

/**
 * A machine that was seen and is not listed any more is gone for good; one that stopped has ended all it ran. On one
 * that is being deleted things may still run: nothing has ended before it is seen gone.
 */
const machineLost = ({ vm, machine }: VMObserved): Why | undefined => {
  if (!machine)
    return vm.status?.providerID === undefined ? undefined : endBecause(vm, 'MachineGone', 'its machine does not exist any more');
  if (machine.state !== 'failed' && machine.state !== 'stopped' && machine.state !== 'deallocated') return undefined;
  return {
    reason: machine.reason ?? (machine.state === 'failed' ? 'MachineFailed' : 'MachineStopped'),
    message: machine.message ?? `its machine ${machine.state === 'deallocated' ? 'was' : 'has'} ${machine.state}`,
  };
};

type Why = Pick<Condition, 'reason' | 'message'>;

/** One that was not to be had again has told so. */
const whyLost = (lost: Why, collection: Condition | undefined): Why => {
  const { reason, message } = collection?.status === 'False' ? collection : lost;
  return { reason, message };
};

/** Where it was us who fenced it, that is why. */
const endBecause = (vm: VM, reason: string, message: string): Why => {
  const ready = findCondition(vm.status?.conditions, 'Ready');
  return ready?.reason === 'Fenced' ? { reason: 'Fenced', message: ready.message } : { reason, message };
};

/** Past the pool's patience the machine is deleted, so that what ran on it has provably ended (SPEC 2.2). */
const outOfReach = (observed: VMObserved): VMState => {
  const { vm, host, now } = observed;
  if (!host || host.state === 'connecting') return { is: 'reconnecting' };
  const message = host.message ?? 'it does not answer';
  const ready = findCondition(vm.status?.conditions, 'Ready');
  const recorded = ready?.status === 'Unknown' ? parseTime(ready.lastTransitionTime) : now;
  // While no controller looked it may well have answered: only a fence that was begun goes on from where it was.
  const since = ready?.reason === 'Fenced' ? recorded : Math.max(recorded, host.since);
  const deadline = fenceDeadline(observed, since);
  if (deadline === undefined || now < deadline) {
    return { is: 'unreachable', since, reason: host.reason ?? 'VMUnreachable', message };
  }
  const because = `it was unreachable for ${(deadline - since) / 1000} s (${message}): its machine is deleted`;
  return { is: 'fencing', ...endBecause(vm, 'Fenced', because) };
};

export const bootDeadline = ({ vm, pool }: VMObserved): number =>
  parseTime(vm.metadata.creationTimestamp) + poolSettings(pool?.spec).bootTimeoutSeconds * 1000;

export const fenceDeadline = ({ pool }: VMObserved, since: number): number | undefined => {
  const seconds = poolSettings(pool?.spec).unreachableTimeoutSeconds;
  return seconds === 0 ? undefined : since + seconds * 1000;
};
