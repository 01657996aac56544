// What a VM's reconciler sees and what it can do. Its key creates and deletes the machine and looks after the
// connection; which VM is wanted, and which leaves, is the pool's to say.
import type { Session, VM, VMPool } from '../../api/types.generated.ts';
import type { Machine } from '../../provider/provider.ts';
import type { HostFacts, RunFacts } from '../../session/host.ts';

export interface VMObserved {
  readonly now: number;
  readonly vm: VM;
  /** The pool that owns the VM; absent when it is gone or another one of its name. */
  readonly pool?: VMPool;
  /** The machine made for this object, read live. */
  readonly machine?: Machine;
  /** The keys its machine will show, where the provider knows them beforehand: they are recorded before it is made. */
  readonly hostKey?: string;
  /** The provider could not be asked: nothing is known of the machine, and nothing is done to it. */
  readonly providerProblem?: string;
  /** Present once the connection was opened. */
  readonly host?: HostFacts;
  /** Sessions placed on it that have not finished. */
  readonly sessions: readonly Session[];
  /** When the last of the finished ones ended. */
  readonly lastSessionEnd?: string;
  /** Runs with files on the VM whose session is gone for good. */
  readonly strayRuns: readonly (Stray & { readonly ended: boolean })[];
}

/** A run whose session the caches do not know. */
export type Stray = Pick<RunFacts, 'uid' | 'attempt' | 'session'>;

export type VMAction = { readonly because: string } & (
  | { readonly do: 'createMachine' | 'startMachine' | 'connect' | 'disconnect' | 'deleteMachine' | 'deleteVM' | 'release' }
  | { readonly do: 'stopStray' | 'cleanStray'; readonly run: Stray }
);
