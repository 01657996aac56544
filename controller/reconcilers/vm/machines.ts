// One listing of a pool's machines, shared by all its VMs: clouds count requests, and a thousand VMs look at once.
import type { Clock } from '../../api/clock.ts';
import type { VM, VMPool } from '../../api/types.generated.ts';
import type { Machine } from '../../provider/provider.ts';
import type { Providers } from '../../provider/providers.ts';

/** A listing this old still counts as live: as long as a VM in transition waits between two looks, and a bit less. */
const FRESH_MS = 1_500;

export interface Machines {
  find(vm: VM, pool: VMPool, signal: AbortSignal): Promise<Machine | undefined>;
  forget(poolUID: string): void;
}

interface Listing {
  readonly at: number;
  readonly machines: Promise<ReadonlyMap<string, Machine>>;
}

export const createMachines = (providers: Providers, clock: Clock): Machines => {
  const listings = new Map<string, Listing>();
  const begin = (pool: VMPool, signal: AbortSignal): Listing => {
    const listing = { at: clock.monotonic(), machines: byVM(providers, pool, signal) };
    listings.set(pool.metadata.uid, listing);
    // A failed listing is not remembered: the next VM asks again.
    listing.machines.catch(() => listings.delete(pool.metadata.uid));
    return listing;
  };
  return {
    find: async (vm, pool, signal) => {
      const known = listings.get(pool.metadata.uid);
      const listing = known && clock.monotonic() - known.at < FRESH_MS ? known : begin(pool, signal);
      const found = (await listing.machines).get(vm.metadata.uid);
      if (found !== undefined || listing !== known || !isSaidToBeThere(vm)) return found;
      // Another controller may have made it after this listing: only a later one shows that it is gone.
      const present = listings.get(pool.metadata.uid);
      const later = present === undefined || present === known ? begin(pool, signal) : present;
      return (await later.machines).get(vm.metadata.uid);
    },
    forget: (poolUID) => void listings.delete(poolUID),
  };
};

const isSaidToBeThere = ({ metadata, status }: VM): boolean => metadata.deletionTimestamp === undefined && status?.providerID !== undefined;

const byVM = async (providers: Providers, pool: VMPool, signal: AbortSignal): Promise<ReadonlyMap<string, Machine>> => {
  const machines = await providers.of(pool).list(pool, signal);
  return new Map(machines.map((machine) => [machine.vmUID, machine]));
};
