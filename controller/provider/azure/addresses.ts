// Where machines are reached: their network interfaces' addresses, listed only while one of them is not known. They keep them
// as long as they live.
import type { NetworkInterface, PublicIPAddress } from '@azure/arm-network';
import type { Clock } from '../../api/clock.ts';
import { isNotFound } from './azure-failure.ts';
import { type Azure, callOptions } from './clients.ts';
import type { AzureSettings } from './settings.ts';

export interface Addresses {
  /** By the machine's id in lower case. Asks Azure only where one of these is not known. */
  of(vmIDs: readonly string[], settings: AzureSettings, signal: AbortSignal): Promise<ReadonlyMap<string, string>>;
}

/** A page has about so many, and takes a call. */
const PAGE = 100;
const PER_CALL_MS = 200;
const LEAST_MS = 500;

export const createAddresses = (azure: Azure, clock: Clock): Addresses => {
  const known = new Map<string, string>();
  let reading: Promise<void> | undefined;
  let notBefore = Number.NEGATIVE_INFINITY;
  const learn = async (settings: AzureSettings, signal: AbortSignal): Promise<void> => {
    const at = clock.monotonic();
    const { interfaces, publics } = await read(azure, settings, signal);
    for (const nic of interfaces) {
      const vmID = nic.virtualMachine?.id?.toLowerCase();
      const address = addressOf(nic, publics, settings.network.publicIP);
      if (vmID !== undefined && address !== undefined) known.set(vmID, address);
    }
    notBefore = at + Math.max(LEAST_MS, ((interfaces.length + publics.size) / PAGE) * PER_CALL_MS);
  };
  return {
    of: async (vmIDs, settings, signal) => {
      const isComplete = vmIDs.every((id) => known.has(id));
      if (isComplete || (!reading && clock.monotonic() < notBefore)) return known;
      reading ??= learn(settings, signal).finally(() => {
        reading = undefined;
      });
      await reading;
      return known;
    },
  };
};

const addressOf = (
  { ipConfigurations = [] }: NetworkInterface,
  publics: ReadonlyMap<string, string>,
  isPublic: boolean,
): string | undefined => {
  const [first] = ipConfigurations;
  return isPublic ? publics.get(first?.publicIPAddress?.id?.toLowerCase() ?? '') : first?.privateIPAddress;
};

const read = (azure: Azure, { resourceGroup, network: { publicIP } }: AzureSettings, signal: AbortSignal) =>
  azure.call(async ({ network }) => {
    const [interfaces, addresses] = await Promise.all([
      all<NetworkInterface>(network.networkInterfaces.list(resourceGroup, callOptions(undefined, signal))),
      publicIP ? all<PublicIPAddress>(network.publicIPAddresses.list(resourceGroup, callOptions(undefined, signal))) : [],
    ]);
    const publics = new Map(
      addresses.flatMap(({ id, ipAddress }): [string, string][] => (id && ipAddress ? [[id.toLowerCase(), ipAddress]] : [])),
    );
    return { interfaces, publics };
  });

const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = [];
  try {
    for await (const item of items) found.push(item);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  return found;
};
