// Deletes a machine; its disk, interface and address go with it, as each of them was made to.
import type { Machine } from '../provider.ts';
import { AzureFailure, isNotFound } from './azure-failure.ts';
import type { AzurePool } from './azure-pool.ts';
import { callOptions } from './clients.ts';
import { removeShutdown } from './schedule.ts';
import { regionName } from './settings.ts';

/** Starts it. What is gone is deleted. */
export const deleteMachine = async (azure: AzurePool, { id, vmUID }: Pick<Machine, 'id' | 'vmUID'>, signal: AbortSignal): Promise<void> => {
  const vm = azure.known.get(vmUID);
  const region = vm && regionName(vm.location);
  try {
    // Nothing on it needs a graceful end by then, and forced it is gone in a tenth of the time.
    await begin(azure, id, region, true, signal).catch((error: unknown) => {
      if (error instanceof AzureFailure && error.refusal.httpStatus === 409 && error.refusal.code === 'OperationNotAllowed') {
        return begin(azure, id, region, false, signal);
      }
      throw error;
    });
  } catch (error) {
    if (!isNotFound(error)) throw azure.explain(error, region);
  }
  azure.known.ending(vmUID);
  await removeShutdown(azure, id, vmUID, signal);
};

const begin = (azure: AzurePool, id: string, region: string | undefined, forceDeletion: boolean, signal: AbortSignal): Promise<void> =>
  azure.azure.call(async ({ compute }) => {
    const name = id.slice(id.lastIndexOf('/') + 1);
    const poller = compute.virtualMachines.delete(azure.settings.resourceGroup, name, { ...callOptions(region, signal), forceDeletion });
    await poller.submitted();
  });
