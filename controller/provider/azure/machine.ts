// A virtual machine of Azure as the core knows machines. What its last operation came to is not how it fares: the power state is.
import type { VirtualMachine } from '@azure/arm-compute';
import type { Machine } from '../provider.ts';

/** What is known of it besides its resource. */
export interface KnownOfMachine {
  /** Of its network interface. */
  readonly address?: string;
  readonly hostKey?: string;
  /** We asked for its end, or for its deallocation. */
  readonly asked?: 'delete' | 'deallocate';
}

/** Undefined where it is not a machine of a VM object. */
export const machineOf = (_vm: VirtualMachine, _known: KnownOfMachine): Machine | undefined => undefined;
