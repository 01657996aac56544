// What the pool's reconciler sees and what it can do. Its key makes every placement of the pool, so that no two sessions
// race for a slot, and sets VMs Draining, so that none is placed on a VM that leaves.
import type { ConditionUpdate } from '../../api/condition.ts';
import type { ObjectKey } from '../../api/object.ts';
import type { SizeName } from '../../api/sizes.ts';
import type { Session, VM, VMPool } from '../../api/types.generated.ts';
import type { Offering } from '../../provider/provider.ts';

export interface PoolObserved {
  readonly now: number;
  readonly key: ObjectKey;
  /** Absent: sessions name a pool that does not exist. */
  readonly pool?: VMPool;
  /** Unfinished sessions that name this pool. */
  readonly sessions: readonly Session[];
  /** Every VM object of the pool, whatever its state: all count against maxVMs. */
  readonly vms: readonly VM[];
  /** uids of VMs whose host answers at this moment. */
  readonly reachable: ReadonlySet<string>;
  /** Names for new VMs, lowest first: neither existing nor named by the status of an existing session. */
  readonly freeNames: readonly string[];
  readonly offerings: readonly Offering[];
  /** What the provider has to say besides. */
  readonly providerConditions?: readonly ConditionUpdate[];
  /** Why the provider can't be used at all (credentials, settings). */
  readonly providerProblem?: string;
  readonly logStoreHasSpace: boolean;
  /** By session uid: what secret an unplaced session lacks. */
  readonly missingSecrets: ReadonlyMap<string, string>;
  /** Counters in status change at most every 5 s. */
  readonly countersDue: boolean;
  /** Who waits for room is told so only where that is news for longer than a moment. */
  readonly isPatient?: boolean;
}

export type WaitReason =
  | 'PoolFull'
  | 'QuotaExceeded'
  | 'BudgetExceeded'
  | 'PriceUnknown'
  | 'PoolPaused'
  | 'PoolDeleting'
  | 'PoolNotFound'
  | 'ProviderNotReady'
  | 'NoMatchingSize'
  | 'NoMatchingRegion'
  | 'SecretNotFound'
  | 'VMFailed'
  | 'LogStoreFull'
  | 'VMBooting';

export interface Wait {
  readonly reason: WaitReason;
  readonly message: string;
}

export interface NewVM {
  readonly size: SizeName;
  readonly slots: number;
  readonly memoryMiB: number;
  readonly region?: string;
}

export type PoolAction = { readonly because: string } & (
  | { readonly do: 'hold' | 'release' }
  | { readonly do: 'createVM'; readonly name: string; readonly vm: NewVM }
  | { readonly do: 'placeSession'; readonly session: Session; readonly vm: VM; readonly attempt: number; readonly launching: boolean }
  | { readonly do: 'explainWait'; readonly session: Session; readonly wait: Wait }
  | { readonly do: 'drainVM'; readonly vm: VM }
);
