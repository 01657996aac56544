// Azure Resource Manager over the simulated data centers: what it does and answers, request by request. It throws what
// Azure refuses with, in Azure's own words.
import type { VirtualMachine } from '@azure/arm-compute';
import { hourlyPrice } from '../../../controller/provider/azure/prices.ts';
import { errorOf, refuse } from '../../fakes/azure/arm-error.ts';
import { SIZES, sizeOf } from '../../fakes/azure/facts.ts';
import type { Cloud, CloudMachine, Order } from '../../fakes/cloud.ts';
import { FAMILIES, type Market, retailPrice } from './market.ts';

export const SUBSCRIPTION = '00000000-0000-4000-8000-000000000001';

/** A resource group, or what lies in one besides machines. */
export interface Resource {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly group: string;
  readonly body: Readonly<Record<string, unknown>> & { readonly location?: string; readonly tags?: Record<string, string> };
}

export type ARM = ReturnType<typeof createARM>;

export interface ARMParts {
  readonly cloud: Cloud;
  readonly market: Market;
}

export const createARM = ({ cloud, market }: ARMParts) => {
  const resources = new Map<string, Resource>();
  const find = (group: string, type: string, name: string): Resource | undefined => resources.get(idOf(group, type, name).toLowerCase());
  const machinesIn = (group: string): readonly CloudMachine[] => cloud.existing().filter((machine) => machine.group === group);
  const machine = (group: string, name: string): CloudMachine | undefined => machinesIn(group).find((one) => one.name === name);
  const groupOf = (name: string): Resource => {
    const group = find(name, GROUP, name);
    if (!group) throw errorOf('rg_not_found', { rg: name });
    return group;
  };
  const missing = (group: string, name: string) => errorOf('resource_not_found', { rg: group, vm: name });
  return {
    getGroup: groupOf,
    putGroup: (name: string, body: Resource['body']): void => void put(resources, name, GROUP, name, body),
    deleteGroup: (name: string): void => {
      groupOf(name);
      for (const one of machinesIn(name)) cloud.delete(one.vmUID);
      for (const [key, one] of resources) if (one.group === name) resources.delete(key);
    },
    /** All but the group itself, machines too. */
    listGroup: (name: string): readonly Resource[] => {
      groupOf(name);
      const made = machinesIn(name).map((one) => resourceOf(name, 'Microsoft.Compute/virtualMachines', one.name, one.tags, one.region));
      return [...[...resources.values()].filter(({ group, type }) => group === name && type !== GROUP), ...made];
    },
    get: (group: string, type: string, name: string): Resource => {
      groupOf(group);
      const found = find(group, type, name);
      if (!found) throw missing(group, name);
      return found;
    },
    put: (group: string, type: string, name: string, body: Resource['body']): Resource => {
      groupOf(group);
      return put(resources, group, type, name, body);
    },
    delete: (group: string, type: string, name: string): void => void resources.delete(idOf(group, type, name).toLowerCase()),
    getMachine: (group: string, name: string): VirtualMachine => {
      const found = machine(group, name);
      if (!found) throw missing(group, name);
      return viewOf(found);
    },
    listMachines: (group: string): readonly VirtualMachine[] => {
      groupOf(group);
      return machinesIn(group).map((one) => ({ ...viewOf(one), instanceView: {} }));
    },
    /** With what they do now, which the list of a group leaves out. */
    listAll: (): readonly VirtualMachine[] => cloud.existing().map(viewOf),
    /** Only if it is not there yet, as the provider asks for it. */
    putMachine: (group: string, name: string, body: VirtualMachine): void => {
      groupOf(group);
      const network = `berth-${body.location}`;
      if (!find(group, 'virtualNetworks', network)) throw refuse(404, 'NotFound', `Resource virtualNetworks/${network} not found.`);
      if (machine(group, name)) throw refuse(412, 'PreconditionFailed', 'The resource exists already.');
      const order = orderOf(group, name, body);
      const refusal = market.refusalOf(order);
      if (refusal) throw refusal;
      cloud.create(order);
    },
    deleteMachine: (group: string, name: string): void => {
      const found = machine(group, name);
      if (!found) throw missing(group, name);
      cloud.delete(found.vmUID);
    },
    startMachine: (group: string, name: string): void => {
      const found = machine(group, name);
      if (!found) throw missing(group, name);
      const refusal = market.shortageOf(found);
      if (refusal) throw refusal;
      cloud.start(found);
    },
    /** What is made with a machine, and goes with it. */
    interfaces: (group: string) =>
      machinesIn(group).map((one) => ({
        name: `${one.name}-nic`,
        location: one.region,
        tags: one.tags,
        virtualMachine: { id: machineID(one) },
        ipConfigurations: [{ publicIPAddress: { id: `${machineID(one)}-pip` } }],
      })),
    addresses: (group: string) =>
      machinesIn(group).map((one) => ({
        ...{ id: `${machineID(one)}-pip`, name: `${one.name}-pip`, location: one.region, tags: one.tags },
        ...{ ipAddress: `${one.id}.sim`, ipConfiguration: {} },
      })),
    usages: market.usages,
    skus: (region: string) =>
      SOLD.map(({ name, family, vCPUs }) => ({
        ...{ name, family, resourceType: 'virtualMachines', locations: [region], locationInfo: [{ location: region, zones: [] }] },
        capabilities: Object.entries({ ...CAPABILITIES, vCPUs: String(vCPUs) }).map(([key, value]) => ({ name: key, value })),
      })),
  };
};

const GROUP = 'resourceGroups';
const SOLD = SIZES.filter(({ family }) => FAMILIES.some((sold) => sold === family));
const CAPABILITIES = { HyperVGenerations: 'V1,V2', AcceleratedNetworkingEnabled: 'True', LowPriorityCapable: 'True' };

const idOf = (group: string, type: string, name: string): string =>
  `/subscriptions/${SUBSCRIPTION}/resourceGroups/${group}${type === GROUP ? '' : `/providers/Microsoft.Network/${type}/${name}`}`;

const put = (all: Map<string, Resource>, group: string, type: string, name: string, body: Resource['body']): Resource => {
  const made = { id: idOf(group, type, name), name, type, group, body };
  all.set(made.id.toLowerCase(), made);
  return made;
};

const resourceOf = (group: string, type: string, name: string, tags: Order['tags'], location: string): Resource => ({
  ...{ id: name, name, type, group },
  body: { location, tags },
});

/** From the body of the request, what the machine will find out about itself at its first boot included. */
const orderOf = (group: string, name: string, body: VirtualMachine): Order => {
  const { tags = {}, location: region, hardwareProfile, osProfile } = body;
  const sku = hardwareProfile?.vmSize ?? '';
  const size = sizeOf(sku);
  if (!size) throw refuse(400, 'InvalidParameter', `The value ${sku} provided for the VM size is not valid.`, 'vmSize');
  const price = retailPrice({ sku, region });
  const boot = Buffer.from(osProfile?.customData ?? '', 'base64').toString('latin1');
  const number = (field: string): number => Number(new RegExp(`"${field}": (\\d+)`).exec(boot)?.[1]);
  return {
    ...{ name, group, region, sku, tags, vCPUs: size.vCPUs, family: size.family },
    hourly: price ? hourlyPrice(price, body.priority === 'Spot' ? 'Spot' : 'Regular') : 0,
    vmUID: tags['vm-uid'] ?? '',
    vmName: tags.vm ?? '',
    pool: `${tags.namespace}/${tags.pool}`,
    poolUID: tags['pool-uid'] ?? '',
    eviction: body.priority === 'Spot' ? (body.evictionPolicy === 'Deallocate' ? 'Deallocate' : 'Delete') : undefined,
    hostKey: /ed25519_public: (.+)/.exec(boot)?.[1] ?? '',
    deadMansSwitch: { idleSeconds: number('idleSeconds'), maxSeconds: number('maxSeconds') },
  };
};

const machineID = ({ group, name }: CloudMachine): string =>
  `/subscriptions/${SUBSCRIPTION}/resourceGroups/${group}/providers/Microsoft.Compute/virtualMachines/${name}`;

const viewOf = (machine: CloudMachine): VirtualMachine => ({
  ...{ id: machineID(machine), name: machine.name, location: machine.region, tags: machine.tags, timeCreated: machine.createdTime },
  hardwareProfile: { vmSize: machine.sku },
  identity: { type: 'UserAssigned' },
  ...(machine.eviction && { priority: 'Spot' as const, evictionPolicy: machine.eviction }),
  ...STATES[machine.state],
});

const stateOf = (provisioningState: string, ...codes: readonly string[]) => ({
  provisioningState,
  instanceView: { statuses: codes.map((code) => ({ code, message: 'simulated' })) },
});

const STATES: Readonly<Record<CloudMachine['state'], ReturnType<typeof stateOf>>> = {
  creating: stateOf('Creating'),
  starting: stateOf('Updating', 'ProvisioningState/updating', 'PowerState/starting'),
  running: stateOf('Succeeded', 'ProvisioningState/succeeded', 'PowerState/running'),
  stopped: stateOf('Succeeded', 'ProvisioningState/succeeded', 'PowerState/stopped'),
  deallocated: stateOf('Succeeded', 'ProvisioningState/succeeded', 'PowerState/deallocated'),
  failed: stateOf('Failed', 'ProvisioningState/failed/AllocationFailed'),
  deleting: stateOf('Deleting'),
  gone: stateOf('Deleting'),
};
