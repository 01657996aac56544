// The network interface, public address and disk of a virtual machine: made with it, and gone after it where they shall.
import { randomUUID } from 'node:crypto';
import { type ARMError, errorOf } from './arm-error.ts';
import { type Azure, find } from './azure.ts';
import type { VirtualMachine } from './backing/backing.ts';
import { dig, type JSONObject, list, object, stringMap, text } from './json.ts';
import { limitOf, usageOf } from './quota.ts';
import { eightHex, idIn, insert, remove, touch } from './resources/store.ts';
import type { Resource } from './world.ts';

const NIC = 'Microsoft.Network/networkInterfaces';
const PIP = 'Microsoft.Network/publicIPAddresses';
const DISK = 'Microsoft.Compute/disks';

/** Makes what the body of the PUT asks for, or throws; what was made before a failure stays, as in Azure. */
export const makeChildren = (azure: Azure, vm: VirtualMachine): void => {
  makeDisk(azure, vm);
  const references: JSONObject[] = [];
  const profile = object(vm.properties.networkProfile);
  for (const reference of list(profile.networkInterfaces).map(object)) {
    const nic = find(azure, text(reference.id) ?? '');
    if (nic) {
      nic.properties.virtualMachine = { id: vm.id };
      vm.machine.children.push({ id: nic.id, delete: dig(reference, 'properties', 'deleteOption') === 'Delete' });
    }
    references.push(reference);
  }
  for (const config of list(profile.networkInterfaceConfigurations).map(object)) {
    const made = makeInterface(azure, vm, config);
    const properties = object(config.properties);
    vm.machine.children.push({ id: made.id, delete: properties.deleteOption === 'Delete' });
    references.push({
      id: made.id,
      properties: { primary: properties.primary ?? true, deleteOption: properties.deleteOption ?? 'Detach' },
    });
  }
  vm.properties.networkProfile = { networkInterfaces: references };
};

const makeDisk = (azure: Azure, vm: VirtualMachine): void => {
  const storage = object(vm.properties.storageProfile);
  const osDisk = object(storage.osDisk);
  const name = text(osDisk.name) ?? `${vm.name}_OsDisk_1_${eightHex(azure)}`;
  const sku = text(dig(osDisk, 'managedDisk', 'storageAccountType')) ?? 'Premium_LRS';
  const id = idIn(vm, DISK, name);
  const diskSizeGB = osDisk.diskSizeGB ?? 30;
  insert(azure, {
    id,
    type: DISK,
    location: vm.location,
    // Once: later tags of the machine do not follow.
    tags: { ...vm.tags },
    top: { managedBy: vm.id, sku: { name: sku, tier: 'Premium' }, ...(vm.top.zones ? { zones: vm.top.zones } : {}) },
    properties: {
      osType: 'Linux',
      creationData: { createOption: 'FromImage' },
      diskSizeGB,
      timeCreated: new Date(azure.clock.now()).toISOString(),
      provisioningState: 'Succeeded',
      diskState: 'Attached',
      uniqueId: randomUUID(),
    },
  });
  vm.machine.children.push({ id, delete: osDisk.deleteOption === 'Delete' });
  const managedDisk = { ...object(osDisk.managedDisk), storageAccountType: sku, id };
  vm.properties.storageProfile = { ...storage, osDisk: { ...osDisk, osType: 'Linux', name, diskSizeGB, managedDisk } };
};

const makeInterface = (azure: Azure, vm: VirtualMachine, config: JSONObject): Resource => {
  const { deleteOption: _, ipConfigurations, ...properties } = object(config.properties);
  const id = idIn(vm, NIC, `${text(config.name) ?? 'nic'}-${eightHex(azure)}`);
  const ips = list(ipConfigurations).map((ip) => makeAddress(azure, vm, object(ip), id));
  return insert(azure, {
    id,
    type: NIC,
    location: vm.location,
    tags: stringMap(config.tags),
    properties: { ...interfaceBasics(), ...properties, ipConfigurations: ips, virtualMachine: { id: vm.id } },
  });
};

export const interfaceBasics = (): JSONObject => ({
  provisioningState: 'Succeeded',
  resourceGuid: randomUUID(),
  dnsSettings: { dnsServers: [], appliedDnsServers: [] },
  enableAcceleratedNetworking: false,
  enableIPForwarding: false,
  macAddress: `00-0D-3A-${randomUUID().slice(0, 2)}-${randomUUID().slice(0, 2)}-${randomUUID().slice(0, 2)}`.toUpperCase(),
  primary: true,
  nicType: 'Standard',
});

const makeAddress = (azure: Azure, vm: VirtualMachine, ip: JSONObject, nic: string): JSONObject => {
  const { publicIPAddressConfiguration, ...properties } = object(ip.properties);
  const subnet = text(dig(properties, 'subnet', 'id')) ?? '';
  const address = freeAddress(azure, subnet);
  if (address === undefined) throw subnetFull(azure, subnet);
  const configuration = `${nic}/ipConfigurations/${text(ip.name) ?? 'ip'}`;
  const wanted = object(publicIPAddressConfiguration);
  let publicIPAddress: JSONObject | undefined;
  if (publicIPAddressConfiguration !== undefined) {
    const limit = limitOf(azure.world, vm.location, 'publicIPs');
    if ((usageOf(azure.world, vm.location).get('publicIPAddresses') ?? 0) >= limit) {
      throw errorOf('public_ip_limit', { n: limit });
    }
    const { deleteOption, ...rest } = object(wanted.properties);
    const pip = insertPublicAddress(azure, {
      id: idIn(vm, PIP, `${text(wanted.name) ?? 'pip'}-${eightHex(azure)}`),
      location: vm.location,
      tags: stringMap(wanted.tags),
      sku: object(wanted.sku),
      zones: vm.top.zones,
      properties: { ...rest, deleteOption: deleteOption ?? 'Detach' },
    });
    pip.properties.ipConfiguration = { id: configuration };
    publicIPAddress = { id: pip.id, properties: { deleteOption: deleteOption ?? 'Detach' } };
  }
  return addressConfiguration(configuration, properties, address, publicIPAddress);
};

export const addressConfiguration = (
  id: string,
  properties: JSONObject,
  privateIPAddress: string,
  publicIPAddress: JSONObject | undefined,
): JSONObject => ({
  name: id.split('/').at(-1),
  id,
  type: 'Microsoft.Network/networkInterfaces/ipConfigurations',
  properties: {
    provisioningState: 'Succeeded',
    privateIPAllocationMethod: 'Dynamic',
    primary: true,
    privateIPAddressVersion: 'IPv4',
    ...properties,
    privateIPAddress,
    ...(publicIPAddress ? { publicIPAddress } : {}),
  },
});

export const insertPublicAddress = (
  azure: Azure,
  made: { id: string; location: string; tags: Record<string, string>; sku: JSONObject; zones: unknown; properties: JSONObject },
): Resource =>
  insert(azure, {
    id: made.id,
    type: PIP,
    location: made.location,
    tags: made.tags,
    top: { sku: { name: 'Standard', tier: 'Regional', ...made.sku }, ...(made.zones ? { zones: made.zones } : {}) },
    properties: {
      provisioningState: 'Succeeded',
      resourceGuid: randomUUID(),
      publicIPAddressVersion: 'IPv4',
      publicIPAllocationMethod: 'Static',
      idleTimeoutInMinutes: 4,
      ipTags: [],
      ...made.properties,
      ipAddress: nextPublicAddress(azure),
    },
  });

const nextPublicAddress = ({ world: { addresses } }: Azure): string => {
  const next = ++addresses.next;
  const [a, b, c] = addresses.prefix.split('.').map(Number);
  const third = Math.floor((next - 1) / 250) + (c ?? 0);
  return `${a}.${((b ?? 0) + Math.floor(third / 250)) % 256}.${third % 250}.${((next - 1) % 250) + 2}`;
};

/** Nobody's in the subnet: Azure keeps the first four and the last for itself. */
export const freeAddress = (azure: Azure, subnet: string): string | undefined => {
  const prefix = subnetPrefix(azure, subnet);
  if (prefix === undefined) return undefined;
  const used = addressesIn(azure, subnet);
  const [base = '10.0.0.0', bits = '24'] = prefix.split('/');
  const start = base.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  for (let offset = 4; offset < size - 1; offset++) {
    const address = [24, 16, 8, 0].map((shift) => Math.floor((start + offset) / 2 ** shift) % 256).join('.');
    if (!used.has(address)) return address;
  }
  return undefined;
};

export const subnetFull = (azure: Azure, subnet: string): ARMError =>
  errorOf('subnet_full', { name: subnet.split('/').at(-1), prefix: subnetPrefix(azure, subnet), n: 1 });

const subnetPrefix = (azure: Azure, subnet: string): string | undefined => {
  const properties = find(azure, subnet)?.properties;
  return text(properties?.addressPrefix) ?? text(dig(properties, 'addressPrefixes', 0));
};

const addressesIn = (azure: Azure, subnet: string): ReadonlySet<string> => {
  const used = new Set<string>();
  for (const { type, properties } of azure.world.resources.values()) {
    if (type !== NIC) continue;
    for (const ip of list(properties.ipConfigurations)) {
      if (text(dig(ip, 'properties', 'subnet', 'id'))?.toLowerCase() !== subnet.toLowerCase()) continue;
      const address = text(dig(ip, 'properties', 'privateIPAddress'));
      if (address) used.add(address);
    }
  }
  return used;
};

/** One of them, after the machine is gone: the interface takes its public address along where that was asked for. */
export const removeChild = (azure: Azure, id: string): void => {
  const resource = find(azure, id);
  if (!resource) return;
  if (resource.type === NIC) {
    for (const ip of list(resource.properties.ipConfigurations)) {
      const pip = find(azure, text(dig(ip, 'properties', 'publicIPAddress', 'id')) ?? '');
      if (!pip) continue;
      delete pip.properties.ipConfiguration;
      if ([pip.properties.deleteOption, dig(ip, 'properties', 'publicIPAddress', 'properties', 'deleteOption')].includes('Delete'))
        remove(azure, pip.id);
    }
  }
  remove(azure, id);
};

/** What stays behind a machine belongs to nobody now. */
export const detach = (azure: Azure, id: string): void => {
  const resource = find(azure, id);
  if (!resource) return;
  delete resource.properties.virtualMachine;
  if (resource.type === DISK) {
    resource.properties.diskState = 'Unattached';
    delete resource.top.managedBy;
  }
  touch(azure, resource);
};
