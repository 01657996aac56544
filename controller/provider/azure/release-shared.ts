// Removes what the machines of a pool shared, once the pool goes: what is tagged as this pool's, and the resource group if it was
// made for it and nothing else is in it.
import type { GenericResourceExpanded } from '@azure/arm-resources';
import { OperatorError } from '../../api/error.ts';
import { AzureFailure, isNotFound } from './azure-failure.ts';
import type { AzurePool } from './azure-pool.ts';
import { type AzureClients, callOptions } from './clients.ts';
import { isOurs, poolUIDOf } from './names.ts';
import { deleteSchedule, SCHEDULES } from './schedule.ts';

const AGAIN_MS = 2_000;
/** A network goes before what it refers to. */
const ORDER = [
  SCHEDULES.toLowerCase(),
  'microsoft.network/networkinterfaces',
  'microsoft.network/virtualnetworks',
  'microsoft.network/natgateways',
  'microsoft.network/publicipaddresses',
  'microsoft.network/networksecuritygroups',
];

/** Starts what can be removed now, and throws `unavailable` until all is gone. */
export const releaseShared = async (azure: AzurePool, signal: AbortSignal): Promise<void> => {
  const { id } = await azure.installation();
  const isPools = (tags: Record<string, string> | undefined): boolean => isOurs(tags, id) && poolUIDOf(tags) === azure.pool.metadata.uid;
  azure.forgetNetworks();
  try {
    const left = await azure.azure.call((clients) => removeSome(clients, azure.settings.resourceGroup, isPools, signal));
    if (left === 0) return;
    throw new OperatorError('unavailable', `${left} resources of the pool are still being removed`, { retryAfterMs: AGAIN_MS });
  } catch (error) {
    throw azure.explain(error);
  }
};

type IsPools = (tags: Record<string, string> | undefined) => boolean;

/** How much of ours is left. */
const removeSome = async (clients: AzureClients, group: string, isPools: IsPools, signal: AbortSignal): Promise<number> => {
  const all = await resourcesOf(clients, group, signal);
  if (all === undefined) return 0;
  const ours = all.filter(({ tags }) => isPools(tags));
  const first = ORDER.find((type) => ours.some((resource) => typeOf(resource) === type));
  for (const resource of ours) if (typeOf(resource) === first) await remove(clients, group, resource, signal);
  if (all.length > 0) return ours.length;
  return removeGroup(clients, group, isPools, signal);
};

const typeOf = ({ type }: GenericResourceExpanded): string | undefined => type?.toLowerCase();

const resourcesOf = async ({ resources }: AzureClients, group: string, signal: AbortSignal) => {
  try {
    return await Array.fromAsync<GenericResourceExpanded>(resources.resources.listByResourceGroup(group, callOptions(undefined, signal)));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
};

const remove = async (
  { network, resources }: AzureClients,
  group: string,
  resource: GenericResourceExpanded,
  signal: AbortSignal,
): Promise<void> => {
  const { name = '', location } = resource;
  const options = callOptions(location, signal);
  const poller = () => {
    switch (typeOf(resource)) {
      case SCHEDULES.toLowerCase():
        return deleteSchedule(resources, resource.id, options);
      case 'microsoft.network/networkinterfaces':
        return network.networkInterfaces.delete(group, name, options);
      case 'microsoft.network/virtualnetworks':
        return network.virtualNetworks.delete(group, name, options);
      case 'microsoft.network/natgateways':
        return network.natGateways.delete(group, name, options);
      case 'microsoft.network/publicipaddresses':
        return network.publicIPAddresses.delete(group, name, options);
      default:
        return network.networkSecurityGroups.delete(group, name, options);
    }
  };
  try {
    await poller().submitted();
  } catch (error) {
    // Still in use by what is on its way out, or on its way out itself.
    if (!(error instanceof AzureFailure) || ![400, 404, 409, 429].includes(error.refusal.httpStatus ?? 0)) throw error;
  }
};

/** Only one that was made for this pool; Azure deletes a group with whatever is in it, so it has to be seen empty. */
const removeGroup = async ({ resources }: AzureClients, group: string, isPools: IsPools, signal: AbortSignal): Promise<number> => {
  const options = callOptions(undefined, signal);
  const known = await resources.resourceGroups.get(group, options).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  if (!known || !isPools(known.tags)) return 0;
  if (known.properties?.provisioningState !== 'Deleting') await resources.resourceGroups.delete(group, options).submitted();
  return 1;
};
