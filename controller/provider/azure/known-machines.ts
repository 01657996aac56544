// What this controller knows of a pool's machines besides Azure's latest list: what it has just made and asked to be deleted.
// Lists lag behind (bosh#765), so a machine is gone only when it is not found by its name either.
import type { VirtualMachine } from '@azure/arm-compute';
import type { Clock } from '../../api/clock.ts';
import type { Machine } from '../provider.ts';
import type { Listing } from './listing.ts';
import { vmUIDOf } from './names.ts';

type Find = (name: string) => Promise<VirtualMachine | undefined>;

export interface KnownMachines {
  /** Made, or found by its name. */
  note(vmUID: string, vm: VirtualMachine): void;
  /** Its end was asked for. Asked for again where it is still there after a while. */
  ending(vmUID: string): void;
  isEnding(vmUID: string): boolean;
  get(vmUID: string): VirtualMachine | undefined;
  /** All there are after this listing, by VM object. `find` looks for one by its name. */
  merge(vms: readonly VirtualMachine[], listing: Listing, find: Find): Promise<ReadonlyMap<string, VirtualMachine>>;
  /** Taken away by Azure since it was last seen. */
  evicted(): readonly Machine[];
}

/** A deletion that takes longer has failed. */
const ENDING_MS = 300_000;

export const createKnownMachines = (clock: Clock): KnownMachines => {
  const known = new Map<string, { readonly vm: VirtualMachine; readonly at: number }>();
  const ending = new Map<string, number>();
  const evicted = new Map<string, Machine>();
  const lose = (vmUID: string, vm: VirtualMachine): void => {
    known.delete(vmUID);
    if (!ending.delete(vmUID) && vm.priority === 'Spot') evicted.set(vmUID, evictedMachine(vmUID, vm));
  };
  /** Once for each listing, however many ask. */
  let merged: { readonly listing: Listing; readonly done: Promise<void> } | undefined;
  const take = async (vms: readonly VirtualMachine[], { at }: Listing, find: Find): Promise<void> => {
    for (const vm of vms) {
      const vmUID = vmUIDOf(vm.tags);
      if (vmUID !== undefined && (known.get(vmUID)?.at ?? at) <= at) known.set(vmUID, { vm, at });
    }
    for (const [vmUID, { vm, at: seenAt }] of known) {
      if (seenAt >= at) continue;
      const found = ending.has(vmUID) ? undefined : await find(vm.name ?? '');
      if (found) known.set(vmUID, { vm: found, at });
      else lose(vmUID, vm);
    }
  };
  return {
    note: (vmUID, vm) => void known.set(vmUID, { vm, at: clock.monotonic() }),
    ending: (vmUID) => {
      evicted.delete(vmUID);
      if (known.has(vmUID)) ending.set(vmUID, clock.monotonic());
    },
    isEnding: (vmUID) => clock.monotonic() - (ending.get(vmUID) ?? Number.NEGATIVE_INFINITY) < ENDING_MS,
    get: (vmUID) => known.get(vmUID)?.vm,
    merge: async (vms, listing, find) => {
      if (merged?.listing !== listing) merged = { listing, done: take(vms, listing, find) };
      await merged.done;
      return new Map([...known].map(([vmUID, { vm }]) => [vmUID, vm]));
    },
    evicted: () => [...evicted.values()],
  };
};

const evictedMachine = (vmUID: string, { id = '', location, timeCreated }: VirtualMachine): Machine => ({
  id,
  vmUID,
  state: 'failed',
  createdTime: (timeCreated ?? new Date(0)).toISOString(),
  region: location,
  reason: 'SpotEvicted',
  message: 'its Spot machine is gone: Azure took it away, or somebody deleted it',
});
