// The body of the request that makes a machine (AZURE.md 3.3).
import type { VirtualMachine } from '@azure/arm-compute';
import type { Candidate } from './candidates.ts';
import type { MachineNames, Tags } from './names.ts';
import type { AzureSettings } from './settings.ts';
import type { SKUFacts } from './sku-facts.ts';

export interface MachineSpec {
  readonly settings: AzureSettings;
  readonly candidate: Candidate;
  readonly facts: SKUFacts;
  readonly names: MachineNames;
  readonly tags: Tags;
  /** Public half of the key we log in with. */
  readonly loginKey: string;
  /** In base64. */
  readonly customData: string;
  readonly network: NetworkOfMachine;
}

/** Made with the machine in a subnet, or made before it. */
export type NetworkOfMachine = { readonly subnetID: string; readonly securityGroupID: string | undefined } | { readonly nicID: string };

export const vmBody = ({ candidate, tags }: MachineSpec): VirtualMachine => ({ location: candidate.region, tags: { ...tags } });
