// The Azure member of a pool with its defaults filled in (SPEC 6): the schema does it too, but not for a pool that was stored
// before a field was, nor inside an object that somebody left out.
import { OperatorError } from '../../api/error.ts';
import type { VMPool, VMPoolSpec } from '../../api/types.generated.ts';

type Spec = NonNullable<VMPoolSpec['provider']['azure']>;

export type Zone = NonNullable<Spec['zones']>[number];
export type Priority = NonNullable<Spec['priority']>;

export interface AzureSettings {
  /** Unset: that of the login. */
  readonly subscriptionID: string | undefined;
  readonly resourceGroup: string;
  /** In order of preference; in Azure's short form, `westus3`. */
  readonly regions: readonly string[];
  /** Empty: no zone. */
  readonly zones: readonly Zone[];
  readonly image: ImageReference;
  readonly osDisk: { readonly sizeGiB: number; readonly ephemeral: boolean };
  readonly priority: Priority;
  readonly evictionPolicy: 'Delete' | 'Deallocate';
  readonly network: {
    readonly mode: 'SinglePut' | 'Explicit';
    readonly subnetID: string | undefined;
    readonly publicIP: boolean;
    /** Unset: the address that the controller is seen with. */
    readonly allowSSHFrom: readonly string[] | undefined;
    readonly jumpHost: JumpHost | undefined;
  };
  readonly identity: {
    readonly credential: 'auto' | 'workload' | 'managed' | 'environment' | 'cli';
    readonly userAssignedID: string | undefined;
  };
  readonly setupScript: string | undefined;
  readonly deadMansSwitchSeconds: number;
  readonly deadMansSwitchMaxSeconds: number;
}

/** As the request's body has it. */
export type ImageReference =
  | { readonly publisher: string; readonly offer: string; readonly sku: string; readonly version: string }
  | { readonly id: string };

/** With the key that it is known by; the secret lies in the pool's namespace. */
export type JumpHost = NonNullable<NonNullable<Spec['network']>['jumpHost']> & { readonly port: number };

const DEFAULT_IMAGE = 'Canonical:ubuntu-24_04-lts:server:latest';
const SSH_PORT = 22;

export const azureSettings = ({ metadata, spec }: VMPool): AzureSettings => {
  const azure = spec.provider.azure;
  if (!azure) throw new OperatorError('invalid', `pool ${metadata.name} is of type Azure and has no provider.azure: add it`);
  const { image = {}, osDisk = {}, network = {}, identity = {} } = azure;
  return {
    subscriptionID: azure.subscriptionId,
    resourceGroup: azure.resourceGroup ?? `berth-${metadata.name}`,
    regions: azure.regions,
    zones: azure.zones ?? [],
    image: imageOf(image),
    osDisk: { sizeGiB: osDisk.sizeGiB ?? 128, ephemeral: osDisk.ephemeral ?? false },
    priority: azure.priority ?? 'Regular',
    evictionPolicy: azure.evictionPolicy ?? 'Delete',
    network: {
      mode: network.mode ?? 'SinglePut',
      subnetID: network.subnetId,
      publicIP: network.publicIP ?? true,
      allowSSHFrom: network.allowSSHFrom,
      jumpHost: network.jumpHost && { port: SSH_PORT, ...network.jumpHost },
    },
    identity: { credential: identity.credential ?? 'auto', userAssignedID: identity.userAssignedId },
    setupScript: azure.setup?.script,
    deadMansSwitchSeconds: azure.deadMansSwitchSeconds ?? 3600,
    deadMansSwitchMaxSeconds: azure.deadMansSwitchMaxSeconds ?? 86_400,
  };
};

/** `West US 3`, as Azure sometimes answers, is `westus3`. */
export const regionName = (text: string): string => text.toLowerCase().replaceAll(' ', '');

const imageOf = ({ urn, id }: NonNullable<Spec['image']>): ImageReference => {
  if (id !== undefined) return { id };
  const [publisher = '', offer = '', sku = '', version = ''] = (urn ?? DEFAULT_IMAGE).split(':');
  return { publisher, offer, sku, version };
};
