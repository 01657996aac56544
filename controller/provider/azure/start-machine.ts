// Starts a machine that was deallocated: with its disk, and with what capacity and quota leave for it.
import { OperatorError } from '../../api/error.ts';
import type { Machine } from '../provider.ts';
import { AzureFailure } from './azure-failure.ts';
import type { AzurePool } from './azure-pool.ts';
import { classifyError } from './classify-error.ts';
import { callOptions } from './clients.ts';
import { askedOf } from './machine.ts';
import { factsOf } from './walk.ts';

export const startMachine = async (azure: AzurePool, { id, vmUID, region, sku = '' }: Machine, signal: AbortSignal): Promise<void> => {
  const name = id.slice(id.lastIndexOf('/') + 1);
  try {
    await azure.azure.call(async ({ compute }) => {
      await compute.virtualMachines.start(azure.settings.resourceGroup, name, callOptions(region, signal)).submitted();
    });
  } catch (error) {
    const resource = { name, location: region, hardwareProfile: { vmSize: sku }, ...azure.known.get(vmUID) };
    const asked = askedOf(resource, factsOf(azure.facts, { sku, region }));
    const verdict = error instanceof AzureFailure ? classifyError(error.refusal, asked) : undefined;
    // There is no other place for it: its disk is there.
    if (verdict?.errorCode === 'quota') throw new OperatorError('quota', `machine ${name} can not be started: ${verdict.message}`);
    throw azure.explain(error, region);
  }
};
