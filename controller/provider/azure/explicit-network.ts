// A machine's network interface and address made before it, one by one (network.mode Explicit): for what the one request can't do.
import { type Azure, callOptions } from './clients.ts';
import type { MachineNames, Tags } from './names.ts';
import type { SharedNetwork } from './network.ts';
import type { AzureSettings } from './settings.ts';
import type { SKUFacts } from './sku-facts.ts';

export interface InterfaceRequest {
  readonly settings: AzureSettings;
  readonly names: MachineNames;
  readonly tags: Tags;
  readonly facts: SKUFacts;
  readonly region: string;
  readonly shared: SharedNetwork;
}

const POLL_MS = 1_000;

/** Idempotent. Returns the interface's id. What a crash, or a region that refuses the machine, leaves behind, the sweep removes. */
export const makeInterface = (azure: Azure, request: InterfaceRequest, signal: AbortSignal): Promise<string> =>
  azure.call(async ({ network }) => {
    const { settings, names, region, shared } = request;
    const { resourceGroup: group } = settings;
    const common = { location: region, tags: { ...request.tags } };
    const options = () => ({ ...callOptions(region, signal), updateIntervalInMs: POLL_MS });
    const address = settings.network.publicIP
      ? await network.publicIPAddresses.createOrUpdate(
          group,
          `${names.publicIP}-${region}`,
          { ...common, sku: { name: 'Standard' }, publicIPAllocationMethod: 'Static' },
          options(),
        )
      : undefined;
    const ipConfiguration = {
      name: names.ipConfiguration,
      primary: true,
      subnet: { id: shared.subnetID },
      ...(address?.id === undefined ? {} : { publicIPAddress: { id: address.id, deleteOption: 'Delete' } }),
    };
    const made = await network.networkInterfaces.createOrUpdate(
      group,
      `${names.nic}-${region}`,
      {
        ...common,
        enableAcceleratedNetworking: request.facts.acceleratedNetworking,
        ipConfigurations: [ipConfiguration],
        ...(shared.securityGroupID === undefined ? {} : { networkSecurityGroup: { id: shared.securityGroupID } }),
      },
      options(),
    );
    return String(made.id);
  });
