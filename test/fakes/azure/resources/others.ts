// Disks, auto-shutdown schedules, and what is only read: sizes, usages, images, providers, subscriptions.
import { refuse } from '../arm-error.ts';
import type { Azure, Call, Handler } from '../azure.ts';
import { find } from '../azure.ts';
import { REGIONS, SIZES, type Size, ZONES } from '../facts.ts';
import { dig, foldLocation, isObject, object, stringMap, text } from '../json.ts';
import { accepted, beginOperation, stepTime } from '../operations.ts';
import { computeUsages, isRegion, networkUsages } from '../quota.ts';
import { nextTime } from '../shutdown.ts';
import type { Resource } from '../world.ts';
import { insert, page, provisioning, remove, show, touch, typed } from './store.ts';

const existing = (azure: Azure, call: Call): Resource => {
  const found = find(azure, call.id);
  if (!found)
    throw refuse(404, 'ResourceNotFound', `The Resource '${call.type}/${call.name}' under resource group '${call.group}' was not found.`);
  return found;
};

export const getResource: Handler = (azure, call) => ({ status: 200, body: show(existing(azure, call)) });

export const listDisks: Handler = (azure, call) => {
  const found = typed(azure, 'Microsoft.Compute/disks', { subscription: call.subscription, ...(call.group ? { group: call.group } : {}) });
  return { status: 200, body: page(azure, call, found, show) };
};

export const patchDisk: Handler = (azure, call) => {
  const disk = existing(azure, call);
  const tags = dig(call.body, 'tags');
  if (tags !== undefined) disk.tags = stringMap(tags);
  touch(azure, disk);
  const operation = beginOperation(azure, call, 'update', disk.location);
  azure.after(stepTime(azure, operation, 'update'), { kind: 'settle', id: disk.id.toLowerCase(), operation: operation.id });
  return accepted(azure, call, operation, 200, show(disk));
};

export const deleteDisk: Handler = (azure, call) => {
  const disk = find(azure, call.id);
  if (!disk) return { status: 204 };
  if (disk.top.managedBy !== undefined) {
    throw refuse(409, 'OperationNotAllowed', `Disk ${disk.name} is attached to VM ${text(disk.top.managedBy)}.`);
  }
  provisioning(disk, 'Deleting');
  const operation = beginOperation(azure, call, 'delete', disk.location);
  azure.after(stepTime(azure, operation, 'update'), { kind: 'remove', id: disk.id.toLowerCase(), operation: operation.id });
  return accepted(azure, call, operation, 202);
};

/** The daily shutdown of DevTestLab: deallocates its machine at HHmm. */
export const putSchedule: Handler = (azure, call) => {
  if (!isObject(call.body)) throw refuse(400, 'InvalidRequestContent', 'The request content was invalid.');
  const properties = object(call.body.properties);
  const time = text(dig(properties, 'dailyRecurrence', 'time')) ?? '';
  if (!/^([01]\d|2[0-3])[0-5]\d$/.test(time)) throw refuse(400, 'InvalidDailyRecurrence', `The time '${time}' is not of the form HHmm.`);
  const before = find(azure, call.id);
  const type = 'Microsoft.DevTestLab/schedules';
  const shown = { ...properties, provisioningState: 'Succeeded', createdDate: new Date(azure.clock.now()).toISOString() };
  const tags = stringMap(call.body.tags);
  const schedule = before ?? insert(azure, { id: call.id, type, location: text(call.body.location) ?? '', tags, properties: shown });
  schedule.properties = shown;
  touch(azure, schedule);
  const at = nextTime(azure.clock.now(), time);
  azure.after(at - azure.clock.now(), { kind: 'schedule', id: schedule.id.toLowerCase(), time });
  return { status: before ? 200 : 201, body: show(schedule) };
};

export const deleteSchedule: Handler = (azure, call) => {
  if (!find(azure, call.id)) return { status: 204 };
  remove(azure, call.id);
  return { status: 200 };
};

export const listUsages: Handler = (azure, call) => {
  if (!isRegion(call.location)) throw refuse(400, 'LocationNotAvailable', `The location '${call.location}' is not available.`);
  const region = foldLocation(call.location);
  const network = call.type.startsWith('Microsoft.Network');
  return { status: 200, body: { value: network ? networkUsages(azure.world, region) : computeUsages(azure.world, region) } };
};

export const listSkus: Handler = (azure, call) => {
  const location = /location eq '([^']*)'/i.exec(call.query('$filter') ?? '')?.[1];
  const regions = location === undefined ? REGIONS : REGIONS.filter((region) => region === foldLocation(location));
  return { status: 200, body: { value: regions.flatMap((region) => SIZES.map((size) => sku(azure, size, region))) } };
};

const sku = (azure: Azure, size: Size, region: string): object => {
  const restrictions = azure.world.faults.restrictions
    .filter((entry) => foldLocation(entry.region) === region && entry.size.toLowerCase() === size.name.toLowerCase())
    .map(({ zones }) => ({
      type: zones ? 'Zone' : 'Location',
      values: [region],
      restrictionInfo: { locations: [region], ...(zones ? { zones } : {}) },
      reasonCode: 'NotAvailableForSubscription',
    }));
  return {
    resourceType: 'virtualMachines',
    name: size.name,
    tier: 'Standard',
    size: size.name.replace('Standard_', ''),
    family: size.family,
    locations: [region],
    locationInfo: [{ location: region, zones: ZONES, zoneDetails: [] }],
    capabilities: Object.entries({
      vCPUs: size.vCPUs,
      MemoryGB: size.memoryGB,
      HyperVGenerations: size.generations,
      CpuArchitectureType: 'x64',
      LowPriorityCapable: 'True',
      PremiumIO: 'True',
      vCPUsAvailable: size.vCPUs,
      AcceleratedNetworkingEnabled: 'True',
      EphemeralOSDiskSupported: size.ephemeralPlacements ? 'True' : 'False',
      ...(size.ephemeralPlacements ? { SupportedEphemeralOSDiskPlacements: size.ephemeralPlacements } : {}),
      ...(size.diskControllers ? { DiskControllerTypes: size.diskControllers } : {}),
    }).map(([name, value]) => ({ name, value: String(value) })),
    restrictions,
  };
};

export const listImageVersions: Handler = (_, call) => ({
  status: 200,
  body: [{ id: `${call.url.pathname}/24.04.202606100`, name: '24.04.202606100', location: call.location }],
});

export const getImage: Handler = (_, call) => {
  const [, version = ''] = /\/versions\/([^/]+)$/i.exec(call.url.pathname) ?? [];
  if (version !== 'latest' && version !== '24.04.202606100') throw refuse(404, 'NotFound', `Artifact: VMImage was not found: ${version}.`);
  return {
    status: 200,
    body: {
      id: call.url.pathname,
      name: version,
      location: call.location,
      properties: { hyperVGeneration: 'V2', architecture: 'x64', features: [{ name: 'DiskControllerTypes', value: 'SCSI, NVMe' }] },
    },
  };
};

export const getProvider: Handler = (azure, call) => {
  const namespace = call.name;
  const registered = !azure.world.faults.unregistered.includes(namespace.toLowerCase());
  const id = `/subscriptions/${call.subscription}/providers/${namespace}`;
  return { status: 200, body: { id, namespace, registrationState: registered ? 'Registered' : 'NotRegistered', resourceTypes: [] } };
};

export const registerProvider: Handler = (azure, call) => {
  const { unregistered } = azure.world.faults;
  const index = unregistered.indexOf(call.name.toLowerCase());
  if (index >= 0) unregistered.splice(index, 1);
  return getProvider(azure, call);
};

export const getSubscription: Handler = (azure, { subscription }) => ({
  status: 200,
  body: {
    id: `/subscriptions/${subscription}`,
    subscriptionId: subscription,
    displayName: 'Fake subscription',
    state: azure.world.faults.disabled.includes(subscription) ? 'Disabled' : 'Enabled',
  },
});
