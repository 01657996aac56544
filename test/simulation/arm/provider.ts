// The provider as one controller runs it: the real one of Azure, with everything it decides by, over simulated SDKs.
import { azureProvider } from '../../../controller/provider/azure/azure-provider.ts';
import { acceptedKeys } from '../../../controller/provider/azure/reach-machine.ts';
import type { ProviderModule } from '../../../controller/provider/provider.ts';
import { type PinnedKeys, pinKeys } from '../../../controller/shell/host-key.ts';
import type { Process } from '../process.ts';
import type { World } from '../world.ts';
import { retailPrice } from './market.ts';
import { createClients } from './sdk.ts';

/** As an installation keeps it, in hexadecimal. */
const SECRET = '5a'.repeat(32);
/** The keys that one machine's server may show, derived as the controller does: once, as the simulation's secret is always the same. */
export const trustedKeys = (vmUID: string, hostKey: string | undefined): PinnedKeys => {
  const id = `${vmUID} ${hostKey}`;
  const pinned = derived.get(id) ?? pinKeys(acceptedKeys(Buffer.from(SECRET, 'hex'), { vmUID, hostKey }, new Set()));
  derived.set(id, pinned);
  return pinned;
};

const derived = new Map<string, PinnedKeys>();
const OUR_ADDRESS = '192.0.2.1/32';

export const providerModule = ({ azure }: World, process: Process): ProviderModule =>
  azureProvider({
    clock: process.clock,
    place: { environment: {} },
    keep: async () => SECRET,
    secret: async () => undefined,
    sources: [OUR_ADDRESS],
    readPrice: async (of) => retailPrice(of),
    connect: async ({ governor }) =>
      createClients({
        ...{ process, governor, arm: azure.arm, admit: azure.gate.admit },
        sends: (request) => {
          for (const watcher of azure.watchers) watcher.sends(process, request);
        },
        answered: (request, answer) => {
          for (const watcher of azure.watchers) watcher.answered(process, request, answer);
        },
      }),
  });
