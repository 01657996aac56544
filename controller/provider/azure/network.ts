// What the machines of a pool share in a region: a network with one subnet, the rules for who may reach it, and, for machines
// without an address of their own, the way out. Made once, before the first machine.
import type { NetworkSecurityGroup, SubResource, VirtualNetwork } from '@azure/arm-network';
import { isNotFound } from './azure-failure.ts';
import { type Azure, type AzureClients, callOptions } from './clients.ts';
import { isOurs, type NetworkNames, networkNames, poolUIDOf, type Tags } from './names.ts';
import type { AzureSettings } from './settings.ts';

export interface SharedNetwork {
  readonly subnetID: string;
  readonly securityGroupID: string | undefined;
}

export interface NetworkRequest {
  readonly settings: AzureSettings;
  readonly installationID: string;
  readonly tags: Tags;
  readonly region: string;
  /** Who may reach the SSH port; asked only where a rule has to be written. */
  readonly sources: () => Promise<readonly string[]>;
}

const ADDRESSES = '10.128.0.0/16';
const RULE = 'allow-ssh';
/** A network takes a few seconds. */
const POLL_MS = 1_000;

/** Idempotent: what is there and as it should be is left as it is. */
export const ensureNetwork = async (azure: Azure, request: NetworkRequest, signal: AbortSignal): Promise<SharedNetwork> => {
  const { subnetID } = request.settings.network;
  await ensureGroup(azure, request, signal);
  if (subnetID !== undefined) return { subnetID, securityGroupID: undefined };
  return azure.call(async (clients) => {
    const calls = networkCalls(clients, request, signal);
    const [securityGroup, known] = await Promise.all([ensureSecurityGroup(calls, request), calls.getNetwork()]);
    const natGateway = request.settings.network.publicIP ? undefined : await calls.ensureWayOut();
    const network =
      isRight(known, natGateway) && !isLeft(known?.tags, request) ? known : await calls.putNetwork({ securityGroup, natGateway });
    const subnet = network?.subnets?.find(({ name }) => name === calls.names.subnet);
    return { subnetID: subnet?.id ?? `${network?.id}/subnets/${calls.names.subnet}`, securityGroupID: securityGroup.id };
  });
};

const isRight = (network: VirtualNetwork | undefined, natGateway: SubResource | undefined): boolean =>
  network?.provisioningState === 'Succeeded' &&
  network.subnets?.some((subnet) => natGateway === undefined || subnet.natGateway !== undefined) === true;

/** Left by an earlier pool of ours: it is this one's from now on, and goes with it. */
const isLeft = (known: Tags | undefined, { installationID, tags }: NetworkRequest): boolean =>
  isOurs(known, installationID) && poolUIDOf(known) !== poolUIDOf(tags);

/** Where it exists, whoever made it, it stays as it is: only its own tags make it ours to remove. */
const ensureGroup = (azure: Azure, request: NetworkRequest, signal: AbortSignal): Promise<void> =>
  azure.call(async ({ resources }) => {
    const { settings, tags, region } = request;
    const { resourceGroup: name } = settings;
    const known = await absent(resources.resourceGroups.get(name, callOptions(region, signal)));
    const location = known?.location ?? settings.regions[0] ?? region;
    if (!known || isLeft(known.tags, request))
      await resources.resourceGroups.createOrUpdate(name, { location, tags: { ...tags } }, callOptions(region, signal));
  });

const ensureSecurityGroup = async (
  { getSecurityGroup, putSecurityGroup }: ReturnType<typeof networkCalls>,
  request: NetworkRequest,
): Promise<NetworkSecurityGroup> => {
  const { settings, sources } = request;
  const known = await getSecurityGroup();
  const seen = known?.securityRules?.find(({ name }) => name === RULE)?.sourceAddressPrefixes;
  // An address that was found out once is not found out anew with every start. Whoever is in the network may reach all in it.
  const found = async (): Promise<readonly string[]> => (settings.network.publicIP ? (seen ?? (await sources())) : []);
  const wanted = settings.network.allowSSHFrom ?? (await found());
  const isSame = (seen ?? []).toSorted().join() === wanted.toSorted().join();
  return known && isSame && !isLeft(known.tags, request) ? known : putSecurityGroup(wanted);
};

const networkCalls = ({ network }: AzureClients, { settings, tags, region }: NetworkRequest, signal: AbortSignal) => {
  const { resourceGroup: group } = settings;
  const names = networkNames(region);
  const common = { location: region, tags: { ...tags } };
  const options = () => ({ ...callOptions(region, signal), updateIntervalInMs: POLL_MS });
  return {
    names,
    getNetwork: () => absent(network.virtualNetworks.get(group, names.network, options())),
    getSecurityGroup: () => absent(network.networkSecurityGroups.get(group, names.securityGroup, options())),
    putSecurityGroup: async (sources: readonly string[]): Promise<NetworkSecurityGroup> => {
      const rule = { name: RULE, ...SSH_RULE, sourceAddressPrefixes: [...sources] };
      const securityRules = sources.length > 0 ? [rule] : [];
      return network.networkSecurityGroups.createOrUpdate(group, names.securityGroup, { ...common, securityRules }, options());
    },
    ensureWayOut: async (): Promise<SubResource> => {
      const known = await absent(network.natGateways.get(group, names.natGateway, options()));
      if (known?.id !== undefined) return { id: known.id };
      const address = { ...common, sku: { name: 'Standard' }, publicIPAllocationMethod: 'Static' };
      const { id = '' } = await network.publicIPAddresses.createOrUpdate(group, names.natAddress, address, options());
      const gateway = { ...common, sku: { name: 'Standard' }, publicIpAddresses: [{ id }] };
      const made = await network.natGateways.createOrUpdate(group, names.natGateway, gateway, options());
      return { ...(made.id === undefined ? {} : { id: made.id }) };
    },
    putNetwork: async (parts: { securityGroup: NetworkSecurityGroup; natGateway: SubResource | undefined }): Promise<VirtualNetwork> =>
      network.virtualNetworks.createOrUpdate(group, names.network, { ...common, ...networkOf(names, parts) }, options()),
  };
};

const SSH_RULE = {
  protocol: 'Tcp',
  sourcePortRange: '*',
  destinationAddressPrefix: '*',
  destinationPortRange: '22',
  access: 'Allow',
  priority: 1000,
  direction: 'Inbound',
} as const;

/** The way out is always said: what a network does by default depends on the version of the API (AZURE.md 0.9). */
const networkOf = (
  names: NetworkNames,
  { securityGroup, natGateway }: { securityGroup: NetworkSecurityGroup; natGateway: SubResource | undefined },
): Pick<VirtualNetwork, 'addressSpace' | 'subnets'> => ({
  addressSpace: { addressPrefixes: [ADDRESSES] },
  subnets: [
    {
      name: names.subnet,
      addressPrefix: ADDRESSES,
      defaultOutboundAccess: false,
      ...(securityGroup.id === undefined ? {} : { networkSecurityGroup: { id: securityGroup.id } }),
      ...(natGateway ? { natGateway } : {}),
    },
  ],
});

const absent = async <T>(found: Promise<T>): Promise<T | undefined> => {
  try {
    return await found;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
};
