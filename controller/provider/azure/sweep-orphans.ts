// Deletes what this pool's machines left behind and nobody owns: machines without a VM object; interfaces, addresses and schedules
// without a machine. Never anything that is not tagged as this installation's and this pool's.
import type { NetworkInterface, PublicIPAddress } from '@azure/arm-network';
import type { GenericResourceExpanded } from '@azure/arm-resources';
import { isNotFound } from './azure-failure.ts';
import type { AzurePool } from './azure-pool.ts';
import { type AzureClients, callOptions } from './clients.ts';
import { deleteMachine } from './delete-machine.ts';
import { createdTimeOf, isOurs, poolUIDOf, vmUIDOf } from './names.ts';
import { deleteSchedule, SCHEDULES } from './schedule.ts';

export interface SweepOptions {
  /** Of all VM objects that exist; asked after what exists in Azure was listed. */
  readonly vmUIDs: () => Promise<ReadonlySet<string>>;
  readonly graceMs: number;
}

interface Part {
  readonly id?: string;
  readonly name?: string;
  readonly tags?: Record<string, string>;
}

export const sweepOrphans = async (azure: AzurePool, { vmUIDs, graceMs }: SweepOptions, signal: AbortSignal): Promise<void> => {
  const { clock, settings, pool, lister } = azure;
  try {
    const { id } = await azure.installation();
    const isOld = ({ tags }: Part): boolean => clock.now() - Date.parse(createdTimeOf(tags) ?? '') > graceMs;
    const isMachinePart = ({ tags }: Part): boolean =>
      isOurs(tags, id) && poolUIDOf(tags) === pool.metadata.uid && vmUIDOf(tags) !== undefined;
    const listing = await lister.list(signal);
    const { interfaces, addresses } = await azure.azure.call((clients) => partsOf(clients, settings.resourceGroup, signal));
    const schedules = settings.identity.userAssignedID === undefined ? await schedulesOf(azure, signal) : [];
    const known = await vmUIDs();
    for (const vm of listing.vms.values()) {
      const vmUID = vmUIDOf(vm.tags) ?? '';
      if (!isMachinePart(vm) || !isOld(vm) || known.has(vmUID) || vm.provisioningState === 'Deleting') continue;
      await deleteMachine(azure, { id: vm.id ?? '', vmUID }, signal);
    }
    const unusedInterfaces = interfaces.filter((nic) => isMachinePart(nic) && isOld(nic) && nic.virtualMachine === undefined);
    const unusedAddresses = addresses.filter((ip) => isMachinePart(ip) && isOld(ip) && ip.ipConfiguration === undefined);
    await azure.azure.call((clients) => removeParts(clients, settings.resourceGroup, unusedInterfaces, unusedAddresses, signal));
    const machines = new Set([...listing.vms.values()].map(({ tags }) => vmUIDOf(tags)));
    const isLeft = ({ tags }: Part): boolean => !machines.has(vmUIDOf(tags)) && azure.known.get(vmUIDOf(tags) ?? '') === undefined;
    const unusedSchedules = schedules.filter((schedule) => isMachinePart(schedule) && isOld(schedule) && isLeft(schedule));
    await azure.azure.call(({ resources }) => removeSchedules(resources, unusedSchedules, signal));
  } catch (error) {
    throw azure.explain(error);
  }
};

const read = async <T>(items: AsyncIterable<T>): Promise<readonly T[]> => {
  try {
    return await Array.fromAsync<T>(items);
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
};

const schedulesOf = ({ azure, settings }: AzurePool, signal: AbortSignal): Promise<readonly GenericResourceExpanded[]> =>
  azure.call(({ resources }) => {
    const options = { ...callOptions(undefined, signal), filter: `resourceType eq '${SCHEDULES}'` };
    return read(resources.resources.listByResourceGroup(settings.resourceGroup, options));
  });

const partsOf = async ({ network }: AzureClients, group: string, signal: AbortSignal) => {
  const [interfaces, addresses] = await Promise.all([
    read<NetworkInterface>(network.networkInterfaces.list(group, callOptions(undefined, signal))),
    read<PublicIPAddress>(network.publicIPAddresses.list(group, callOptions(undefined, signal))),
  ]);
  return { interfaces, addresses };
};

/** An address goes in the next round, once nothing holds it any more. */
const removeParts = async (
  { network }: AzureClients,
  group: string,
  interfaces: readonly NetworkInterface[],
  addresses: readonly PublicIPAddress[],
  signal: AbortSignal,
): Promise<void> => {
  for (const { name = '', location } of interfaces) {
    await network.networkInterfaces.delete(group, name, callOptions(location, signal)).submitted();
  }
  for (const { name = '', location } of addresses) {
    await network.publicIPAddresses.delete(group, name, callOptions(location, signal)).submitted();
  }
};

const removeSchedules = async (
  resources: AzureClients['resources'],
  schedules: readonly GenericResourceExpanded[],
  signal: AbortSignal,
): Promise<void> => {
  for (const { id, location } of schedules) await deleteSchedule(resources, id, callOptions(location, signal)).submitted();
};
