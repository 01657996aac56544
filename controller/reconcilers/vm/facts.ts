// What a VM object's recorded state means to every reconciler.
import { findCondition, isTrue } from '../../api/condition.ts';
import type { VM, VMPool } from '../../api/types.generated.ts';

/** Set by the pool's key alone, never taken back: nothing is placed on the VM any more (SPEC 2.3). */
export const isDraining = (vm: VM): boolean => isTrue(vm.status?.conditions, 'Draining');

/** It was reached once: only then can anything have been launched on it. */
export const wasBooted = (vm: VM): boolean => isTrue(vm.status?.conditions, 'Booted');

/** Its machine was deallocated with output on it: it is started for that alone, and takes no session any more. */
export const isCollecting = (vm: VM): boolean => findCondition(vm.status?.conditions, 'CollectingOutput') !== undefined;

/** Nothing runs on it and nothing ever will: boot timeout, machine gone, or fenced. */
export const isFailed = (vm: VM): boolean => isTrue(vm.status?.conditions, 'Failed');

/** The words of the quota that forbade its machine: there is none, and when there may be one its provider's offerings tell. */
export const refusalOf = ({ status }: VM): string | undefined => {
  const ready = findCondition(status?.conditions, 'Ready');
  return status?.providerID === undefined && ready?.reason === 'QuotaExceeded' ? ready.message : undefined;
};

export const isReady = (vm: VM): boolean => isTrue(vm.status?.conditions, 'Ready');

export const isUnreachable = (vm: VM): boolean => findCondition(vm.status?.conditions, 'Ready')?.status === 'Unknown';

export const belongsTo = (vm: VM, pool: VMPool): boolean =>
  vm.metadata.ownerReferences?.some((owner) => owner.controller === true && owner.uid === pool.metadata.uid) === true;
