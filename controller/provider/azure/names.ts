// What everything of a VM object and of a pool is called in Azure, and the tags that say whose it is. Names come from the UID
// alone, so that what a crash left behind is found again without any record.
import type { VM, VMPool } from '../../api/types.generated.ts';

export interface MachineNames {
  readonly vm: string;
  readonly disk: string;
  readonly nic: string;
  readonly ipConfiguration: string;
  readonly publicIP: string;
  /** Of the DevTest schedule; Azure demands this very form. */
  readonly schedule: string;
}

/** One VM object is one attempt: what follows it is another object with another UID. */
export const machineNames = (vmUID: string): MachineNames => {
  const vm = `berth-${vmUID
    .toLowerCase()
    .replaceAll(/[^0-9a-f]/g, '')
    .slice(0, 10)}`;
  return {
    vm,
    disk: `${vm}-os`,
    nic: `${vm}-nic`,
    ipConfiguration: 'ip0',
    publicIP: `${vm}-pip`,
    schedule: `shutdown-computevm-${vm}`,
  };
};

export interface NetworkNames {
  readonly network: string;
  readonly subnet: string;
  readonly securityGroup: string;
  readonly natGateway: string;
  readonly natAddress: string;
}

/** What the machines of a pool share in a region. */
export const networkNames = (region: string): NetworkNames => {
  const network = `berth-${region}`;
  return {
    network,
    subnet: 'machines',
    securityGroup: `${network}-nsg`,
    natGateway: `${network}-nat`,
    natAddress: `${network}-nat-pip`,
  };
};

export type Tags = Readonly<Record<string, string>>;

const TAG = {
  managedBy: 'managed-by',
  installation: 'installation-id',
  pool: 'pool',
  poolUID: 'pool-uid',
  namespace: 'namespace',
  vm: 'vm',
  vmUID: 'vm-uid',
  createdTime: 'created-at',
} as const;

const MANAGER = 'berth';

/** On what the machines of a pool share. */
export const poolTags = (installationID: string, { metadata }: VMPool): Tags => ({
  [TAG.managedBy]: MANAGER,
  [TAG.installation]: installationID,
  [TAG.pool]: metadata.name,
  [TAG.poolUID]: metadata.uid,
  [TAG.namespace]: metadata.namespace,
});

/** On a machine and all its parts. Network parts report no creation time of their own: the tag does. */
export const machineTags = (installationID: string, pool: VMPool, { metadata }: VM, createdTime: string): Tags => ({
  ...poolTags(installationID, pool),
  [TAG.vm]: metadata.name,
  [TAG.vmUID]: metadata.uid,
  [TAG.createdTime]: createdTime,
});

export const isOurs = (tags: Tags | undefined, installationID: string): boolean =>
  read(tags, TAG.managedBy) === MANAGER && read(tags, TAG.installation) === installationID;

export const poolUIDOf = (tags: Tags | undefined): string | undefined => read(tags, TAG.poolUID);

/** Undefined for what the machines of a pool share. */
export const vmUIDOf = (tags: Tags | undefined): string | undefined => read(tags, TAG.vmUID);

export const createdTimeOf = (tags: Tags | undefined): string | undefined => read(tags, TAG.createdTime);

/** Azure keeps the case of a tag's name, and does not tell names apart by it. */
const read = (tags: Tags | undefined, name: string): string | undefined =>
  Object.entries(tags ?? {}).find(([key]) => key.toLowerCase() === name)?.[1];
