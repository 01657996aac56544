// The body of the request that makes a machine.
import type {
  NetworkProfile,
  OSDisk,
  StorageProfile,
  VirtualMachine,
  VirtualMachineNetworkInterfaceIPConfiguration,
} from '@azure/arm-compute';
import type { Candidate } from './candidates.ts';
import type { MachineNames, Tags } from './names.ts';
import { ADMIN_USER } from './on-vm.ts';
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

/** What to make its interface in, together with it; or an interface that was made before it. */
export type NetworkOfMachine = { readonly subnetID: string; readonly securityGroupID: string | undefined } | { readonly nicID: string };

/** Everything that is made with the machine goes with it, without another word of ours. */
const GOES_TOO = 'Delete';
/** The newest that the compute API takes here; without one it refuses interfaces made with a machine. */
const NETWORK_API_VERSION = '2022-11-01';
/** At most what a regular machine costs, and never taken away for its price. */
const ANY_PRICE = -1;

export const vmBody = (spec: MachineSpec): VirtualMachine => {
  const { settings, candidate, facts, names, tags } = spec;
  const { region, zone, priority, sku } = candidate;
  const { userAssignedID } = settings.identity;
  return {
    location: region,
    tags: { ...tags },
    ...(zone === undefined ? {} : { zones: [zone] }),
    ...(userAssignedID === undefined ? {} : { identity: { type: 'UserAssigned', userAssignedIdentities: { [userAssignedID]: {} } } }),
    hardwareProfile: { vmSize: sku },
    ...(priority === 'Spot' ? { priority, evictionPolicy: evictionPolicy(settings), billingProfile: { maxPrice: ANY_PRICE } } : {}),
    storageProfile: storage(spec),
    osProfile: {
      computerName: names.vm,
      adminUsername: ADMIN_USER,
      customData: spec.customData,
      linuxConfiguration: {
        disablePasswordAuthentication: true,
        provisionVMAgent: true,
        ssh: { publicKeys: [{ path: `/home/${ADMIN_USER}/.ssh/authorized_keys`, keyData: spec.loginKey }] },
      },
    },
    ...(facts.trustedLaunch
      ? { securityProfile: { securityType: 'TrustedLaunch', uefiSettings: { secureBootEnabled: true, vTpmEnabled: true } } }
      : {}),
    diagnosticsProfile: { bootDiagnostics: { enabled: true } },
    networkProfile: network(spec),
  };
};

/** What is on the machine's own storage can not be kept without the machine. */
const evictionPolicy = ({ osDisk, evictionPolicy: wanted }: AzureSettings): 'Delete' | 'Deallocate' =>
  osDisk.ephemeral ? 'Delete' : wanted;

const storage = (spec: MachineSpec): StorageProfile => ({
  imageReference: { ...spec.settings.image },
  ...(spec.facts.nvme ? { diskControllerType: 'NVMe' } : {}),
  osDisk: disk(spec),
});

const disk = ({ settings: { osDisk }, facts, names }: MachineSpec): OSDisk => {
  const common: OSDisk = { name: names.disk, createOption: 'FromImage', deleteOption: GOES_TOO, diskSizeGB: osDisk.sizeGiB };
  if (!osDisk.ephemeral) return { ...common, caching: 'ReadWrite', managedDisk: { storageAccountType: 'Premium_LRS' } };
  const place = facts.ephemeral?.find(({ sizeGiB }) => sizeGiB >= osDisk.sizeGiB);
  // An ephemeral disk is made on standard storage, and refused with any other caching.
  return {
    ...common,
    caching: 'ReadOnly',
    managedDisk: { storageAccountType: 'Standard_LRS' },
    diffDiskSettings: { option: 'Local', ...(place ? { placement: place.placement } : {}) },
  };
};

const network = ({ settings, facts, names, tags, network: given }: MachineSpec): NetworkProfile => {
  if ('nicID' in given) return { networkInterfaces: [{ id: given.nicID, primary: true, deleteOption: GOES_TOO }] };
  const address: VirtualMachineNetworkInterfaceIPConfiguration = {
    name: names.ipConfiguration,
    primary: true,
    subnet: { id: given.subnetID },
    ...(settings.network.publicIP
      ? {
          publicIPAddressConfiguration: {
            name: names.publicIP,
            tags: { ...tags },
            sku: { name: 'Standard' },
            deleteOption: GOES_TOO,
            publicIPAllocationMethod: 'Static',
          },
        }
      : {}),
  };
  return {
    networkApiVersion: NETWORK_API_VERSION,
    networkInterfaceConfigurations: [
      {
        name: names.nic,
        tags: { ...tags },
        primary: true,
        deleteOption: GOES_TOO,
        enableAcceleratedNetworking: facts.acceleratedNetworking,
        ...(given.securityGroupID === undefined ? {} : { networkSecurityGroup: { id: given.securityGroupID } }),
        ipConfigurations: [address],
      },
    ],
  };
};
