// The machines of a pool as the core sees them: Azure's list, and what we know of it that is newer.
import type { VirtualMachine } from '@azure/arm-compute';
import type { Machine } from '../provider.ts';
import type { AzurePool } from './azure-pool.ts';
import { classifyError } from './classify-error.ts';
import { deriveKey } from './keys.ts';
import { askedOf, machineOf, refusalOf } from './machine.ts';
import { isOurs, poolUIDOf, vmUIDOf } from './names.ts';
import { builtInFacts } from './sku-facts.ts';
import { factsOf } from './walk.ts';

export const listMachines = async (azure: AzurePool, replaced: ReadonlySet<string>, signal: AbortSignal): Promise<readonly Machine[]> => {
  const { known, lister, settings, pool } = azure;
  try {
    const { id, secret } = await azure.installation();
    const listing = await lister.list(signal);
    const ours = [...listing.vms.values()].filter(({ tags }) => isOurs(tags, id) && poolUIDOf(tags) === pool.metadata.uid);
    const vms = await known.merge(ours, listing, (name) => lister.get(name, signal));
    azure.loggedIn();
    const addressed = [...vms.values()].flatMap(({ id: vmID, provisioningState }) =>
      vmID === undefined || provisioningState === 'Failed' || provisioningState === 'Deleting' ? [] : [vmID.toLowerCase()],
    );
    const addresses = await azure.addresses.of(addressed, settings, signal);
    const machines = [...vms.values()].flatMap((vm): Machine[] => {
      const vmUID = vmUIDOf(vm.tags) ?? '';
      const address = addresses.get(vm.id?.toLowerCase() ?? '');
      learnFailure(azure, vm);
      const more = {
        ...(address === undefined ? {} : { address }),
        ...(replaced.has(vmUID) ? { hostKey: deriveKey(secret, vmUID, 'host-2').publicKey } : {}),
        ...(known.isEnding(vmUID) ? { asked: 'delete' as const } : {}),
      };
      const machine = machineOf(vm, more, azure.facts.prices);
      return machine ? [machine] : [];
    });
    return [...machines, ...known.evicted()];
  } catch (error) {
    throw azure.explain(error);
  }
};

/** What Azure could not give after all is not asked for again for a while. */
const learnFailure = (azure: AzurePool, vm: VirtualMachine): void => {
  const refusal = refusalOf(vm);
  if (!refusal || azure.isLearned(vm.id ?? '')) return;
  const { sku, region } = askedOf(vm, builtInFacts(''));
  const asked = askedOf(vm, factsOf(azure.facts, { sku, region }));
  azure.block(classifyError(refusal, asked), asked);
};
