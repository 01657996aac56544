// Starts a machine that was deallocated: with its disk, and with what capacity and quota leave for it.
import type { VirtualMachine } from '@azure/arm-compute';
import { OperatorError } from '../../api/error.ts';
import type { Machine } from '../provider.ts';
import { AzureFailure } from './azure-failure.ts';
import type { AzurePool } from './azure-pool.ts';
import { classifyError, type Verdict } from './classify-error.ts';
import { callOptions } from './clients.ts';
import { askedOf } from './machine.ts';
import { factsOf } from './walk.ts';

export const startMachine = async (azure: AzurePool, { id, vmUID, region, sku = '' }: Machine, signal: AbortSignal): Promise<void> => {
  const name = id.slice(id.lastIndexOf('/') + 1);
  const listed = azure.known.get(vmUID);
  try {
    await azure.azure.call(async ({ compute }) => {
      await compute.virtualMachines.start(azure.settings.resourceGroup, name, callOptions(region, signal)).submitted();
    });
    // A listing from before says otherwise for a while, and it would be started again.
    if (listed) azure.known.note(vmUID, { ...listed, provisioningState: 'Updating', instanceView: STARTING });
  } catch (error) {
    const resource = { name, location: region, hardwareProfile: { vmSize: sku }, ...listed };
    const asked = askedOf(resource, factsOf(azure.facts, { sku, region }));
    const verdict = error instanceof AzureFailure ? classifyError(error.refusal, asked) : undefined;
    if (verdict?.errorCode === 'quota') throw new OperatorError('quota', `machine ${name} can not be started: ${withoutAdvice(verdict)}`);
    throw azure.explain(error, region);
  }
};

const STARTING: NonNullable<VirtualMachine['instanceView']> = { statuses: [{ code: 'PowerState/starting' }] };

/** Where else a machine may be made is nothing to this one: its disk is here. */
const withoutAdvice = ({ message }: Verdict): string => message.replace(/; other .* are tried$/, '');
