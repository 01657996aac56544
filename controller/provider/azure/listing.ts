// The machines of a pool as Azure lists them: a few calls for all of them, however many there are, and no oftener than a
// subscription may ask.
import type { VirtualMachine } from '@azure/arm-compute';
import type { Clock } from '../../api/clock.ts';
import { isNotFound } from './azure-failure.ts';
import { type Azure, type AzureClients, callOptions } from './clients.ts';

export interface Listing {
  /** When it was asked for, on the monotonic clock. */
  readonly at: number;
  /** Of the resource group, ours or not; with what they do in `instanceView`. By id in lower case. */
  readonly vms: ReadonlyMap<string, VirtualMachine>;
}

export interface ListingOptions {
  readonly azure: Azure;
  readonly clock: Clock;
  readonly resourceGroup: string;
}

/** A call every so often leaves room for others: a subscription has 300 lists of VMs a minute. */
const PER_CALL_MS = 400;
const LEAST_MS = 1_000;

export const createLister = ({ azure, clock, resourceGroup }: ListingOptions) => {
  let latest: { readonly at: number; readonly pages: number; readonly listing: Promise<Listing>; readonly isDone: boolean } | undefined;
  return {
    list: (signal: AbortSignal): Promise<Listing> => {
      const at = clock.monotonic();
      // One under way serves all who come meanwhile: what has been done since is known besides.
      if (latest && (!latest.isDone || at - latest.at < Math.max(LEAST_MS, latest.pages * PER_CALL_MS))) return latest.listing;
      const counted = { at, pages: 1, isDone: false, listing: Promise.resolve({ at, vms: new Map() } as Listing) };
      counted.listing = azure.call(async (clients) => {
        const { vms, pages } = await read(clients, resourceGroup, signal);
        Object.assign(counted, { pages, isDone: true });
        return { at, vms };
      });
      latest = counted;
      counted.listing.catch(() => {
        if (latest === counted) latest = undefined;
      });
      return counted.listing;
    },
    get: (name: string, signal: AbortSignal, region?: string): Promise<VirtualMachine | undefined> =>
      azure.call(async ({ compute }) => {
        try {
          return await compute.virtualMachines.get(resourceGroup, name, { ...callOptions(region, signal), expand: 'instanceView' });
        } catch (error) {
          if (isNotFound(error)) return undefined;
          throw error;
        }
      }),
  };
};

const read = async (
  { compute }: AzureClients,
  group: string,
  signal: AbortSignal,
): Promise<{ vms: Map<string, VirtualMachine>; pages: number }> => {
  const vms = new Map<string, VirtualMachine>();
  const listed = await pagesOf(compute.virtualMachines.list(group, callOptions(undefined, signal)).byPage()).catch((error: unknown) => {
    // The resource group is made with the first machine.
    if (isNotFound(error)) return [];
    throw error;
  });
  for (const vm of listed.flat()) vms.set(idOf(vm), vm);
  if (vms.size === 0) return { vms, pages: 1 };
  const states = await pagesOf(compute.virtualMachines.listAll({ ...callOptions(undefined, signal), statusOnly: 'true' }).byPage());
  for (const { id, instanceView } of states.flat()) {
    const vm = vms.get(idOf({ id }));
    if (vm && instanceView) vms.set(idOf(vm), { ...vm, instanceView });
  }
  return { vms, pages: listed.length + states.length };
};

const idOf = ({ id = '' }: { readonly id?: string | undefined }): string => id.toLowerCase();

const pagesOf = async <T>(pages: AsyncIterable<readonly T[]>): Promise<(readonly T[])[]> => {
  const all: (readonly T[])[] = [];
  for await (const page of pages) all.push(page);
  return all;
};
