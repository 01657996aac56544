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

export const createMachines = (providers: Providers, clock: Clock): Machines => {
  const listings = new Map<string, { readonly at: number; readonly machines: Promise<ReadonlyMap<string, Machine>> }>();
  const listing = (pool: VMPool, signal: AbortSignal): Promise<ReadonlyMap<string, Machine>> => {
    const { uid } = pool.metadata;
    const known = listings.get(uid);
    if (known && clock.monotonic() - known.at < FRESH_MS) return known.machines;
    const machines = byVM(providers, pool, signal);
    listings.set(uid, { at: clock.monotonic(), machines });
    // A failed listing is not remembered: the next VM asks again.
    machines.catch(() => listings.delete(uid));
    return machines;
  };
  return {
    find: async (vm, pool, signal) => (await listing(pool, signal)).get(vm.metadata.uid),
    forget: (poolUID) => void listings.delete(poolUID),
  };
};

const byVM = async (providers: Providers, pool: VMPool, signal: AbortSignal): Promise<ReadonlyMap<string, Machine>> => {
  const machines = await providers.of(pool).list(pool, signal);
  return new Map(machines.map((machine) => [machine.vmUID, machine]));
};
