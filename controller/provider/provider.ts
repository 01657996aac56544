// The contract of a provider: machines for VM objects. A machine's name derives from the VM object's uid, so creating
// what exists is success, deleting what is gone is success, and no record of ours is needed to find what costs money.
import type { ConditionUpdate } from '../api/condition.ts';
import type { VM, VMPool } from '../api/types.generated.ts';
import type { Shell } from '../shell/shell.ts';

export interface Provider {
  /** Every machine of this pool that exists, in whatever state, found by tag and read live: one call a pool. */
  list(pool: VMPool, signal: AbortSignal): Promise<readonly Machine[]>;
  /** Starts creating the machine of this VM object; does not wait for it. */
  create(vm: VM, pool: VMPool, signal: AbortSignal): Promise<void>;
  /** Starts deleting; does not wait. Gone is when `list` no longer has it. */
  delete(machine: Pick<Machine, 'id' | 'vmUID'>, signal: AbortSignal): Promise<void>;
  /** Starts one that is deallocated; does not wait for it. With whoever has such machines. `quota` where it is not to be had. */
  start?(machine: Machine, signal: AbortSignal): Promise<void>;
  /** The way in, to a machine that is running. */
  connect(machine: Machine): Shell;
  /** What this pool can be given now, in order of preference; what it costs, and why some of it is not to be had. */
  offerings(pool: VMPool): readonly Offering[];
  /** The public keys its server may show, one a line, known before there is a machine: recorded before `create` is called. */
  hostKey?(vm: VM): Promise<string>;
  /** What the pool has to say besides what its machines do (DeadMansSwitch). */
  conditions?(pool: VMPool): readonly ConditionUpdate[];
  /**
   * Deletes what is marked as this pool's and belongs to no VM object, once it is old enough that none can still be on its
   * way. `vmUIDs` is asked after all that exists was listed, so that nothing new is judged by an older list.
   */
  sweep?(pool: VMPool, vmUIDs: () => Promise<ReadonlySet<string>>, signal: AbortSignal): Promise<void>;
  /** Removes what the machines of a pool shared, once they are gone. Throws `unavailable` until nothing is left. */
  release?(pool: VMPool, signal: AbortSignal): Promise<void>;
}

export interface Machine {
  readonly id: string;
  /** The VM object this machine was made for. */
  readonly vmUID: string;
  /** `deallocated`: it has stopped and keeps its disk, and can be started again. */
  readonly state: 'creating' | 'running' | 'stopped' | 'deallocated' | 'deleting' | 'failed';
  readonly createdTime: string;
  readonly address?: string;
  readonly hostKey?: string;
  readonly sku?: string;
  readonly region: string;
  readonly hourlyUSD?: string;
  /** Where it differs from its size's. */
  readonly memoryMiB?: number;
  readonly message?: string;
  /** With `failed`: one CamelCase word for why (HostInUse). */
  readonly reason?: string;
}

export interface Offering {
  readonly size: 's' | 'm' | 'l' | 'xl';
  readonly sku: string;
  readonly region: string;
  /** Decimal string in USD; absent when the price is unknown. "0" for machines that cost nothing. */
  readonly hourlyUSD?: string;
  /** Where it may come to cost more than that in the end, as when a regular machine takes the place of a Spot one: how much at most. */
  readonly mostHourlyUSD?: string;
  readonly available: boolean;
  /** How many more can be had at most; absent where nobody knows. */
  readonly room?: number;
  /** With `room`, where a quota bounds it: what whoever needs one more is told. */
  readonly limit?: string;
  /** Where these differ from the size's. */
  readonly slots?: number;
  readonly memoryMiB?: number;
  readonly reason?: 'QuotaExceeded' | 'SKUNotAvailable' | 'ProviderNotReady';
  readonly message?: string;
  readonly retryTime?: string;
}

/** One per provider type: parses that member of the pool's settings, opens the provider. */
export interface ProviderModule {
  readonly type: VMPool['spec']['provider']['type'];
  open(pool: VMPool): Provider;
}
