// What kubectl, Flux and Argo make of an object: a port of kstatus (sigs.k8s.io/cli-utils, pkg/kstatus/status), its
// rules for resources of no kind it knows, in their order.
import type { Condition } from '../../controller/api/condition.ts';
import type { ObjectMeta } from '../../controller/api/object.ts';

export type KStatus = 'Terminating' | 'InProgress' | 'Failed' | 'Current';

export interface Observable {
  readonly metadata: ObjectMeta;
  readonly status?: { readonly observedGeneration?: number; readonly conditions?: readonly Condition[] };
}

export const kstatus = ({ metadata, status }: Observable): KStatus => {
  const is = (type: string): string | undefined => status?.conditions?.find((condition) => condition.type === type)?.status;
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (status?.observedGeneration !== undefined && status.observedGeneration !== metadata.generation) return 'InProgress';
  if (is('Reconciling') === 'True') return 'InProgress';
  if (is('Stalled') === 'True') return 'Failed';
  const ready = is('Ready');
  return ready === undefined || ready === 'True' ? 'Current' : 'InProgress';
};
