// The indexes of the caches: no reconciler ever scans all objects of a kind.
import { keyString } from '../api/object.ts';
import type { Indexes } from '../api/view.ts';
import { isFinished, poolNameOf } from './session/facts.ts';

export const SESSION_INDEXES = {
  /** Unfinished sessions by `namespace/pool`. */
  pool: (session) => (isFinished(session) ? [] : [keyString({ namespace: session.metadata.namespace, name: poolNameOf(session) })]),
  /** All sessions by the uid of the VM they run, or ran, on. */
  vmUID: (session) => (session.status?.vm ? [session.status.vm.uid] : []),
  /** All sessions by `namespace/VM`: a name is not used again while a session's status still tells of it. */
  vmName: (session) => (session.status?.vm ? [keyString({ namespace: session.metadata.namespace, name: session.status.vm.name })] : []),
} as const satisfies Indexes<'Session'>;

export const VM_INDEXES = {
  pool: (vm) => [keyString({ namespace: vm.metadata.namespace, name: vm.spec.poolRef.name })],
  uid: (vm) => [vm.metadata.uid],
} as const satisfies Indexes<'VM'>;
