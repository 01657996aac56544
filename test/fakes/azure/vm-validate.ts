// What Azure refuses of the body of a VM's PUT before it makes anything.
import { errorOf, refuse } from './arm-error.ts';
import { type Azure, type Call, find } from './azure.ts';
import { type Size, sizeOf } from './facts.ts';
import { dig, isObject, type JSONObject, list, object, text } from './json.ts';
import { isRegion } from './quota.ts';

const MAX_CUSTOM_DATA = 65_535;

export interface Wanted {
  readonly body: JSONObject;
  readonly properties: JSONObject;
  readonly location: string;
  readonly size: Size;
  readonly spot: boolean;
  readonly zone: string | undefined;
}

export const validate = (azure: Azure, call: Call): Wanted => {
  if (!isObject(call.body)) throw refuse(400, 'InvalidRequestContent', 'The request content was invalid and could not be deserialized.');
  const body = call.body;
  const properties = object(body.properties);
  const location = text(body.location);
  if (!location) throw refuse(400, 'LocationRequired', 'The location property is required for this definition.');
  if (!isRegion(location)) {
    throw refuse(
      400,
      'LocationNotAvailableForResourceType',
      `The provided location '${location}' is not available for resource type '${call.type}'.`,
    );
  }
  const sizeName = text(dig(properties, 'hardwareProfile', 'vmSize'));
  const size = sizeName === undefined ? undefined : sizeOf(sizeName);
  if (!size) throw invalid('vmSize', `The value ${sizeName ?? 'null'} provided for the VM size is not valid.`);
  const spot = properties.priority === 'Spot';
  const zone = text(dig(body, 'zones', 0));
  if (zone !== undefined && !['1', '2', '3'].includes(zone))
    throw refuse(400, 'InvalidAvailabilityZone', `The zone '${zone}' is not supported in '${location}'.`);
  checkNames(call.name, properties);
  checkCustomData(properties);
  checkNetwork(azure, properties);
  checkDisks(size, properties);
  if (properties.evictionPolicy !== undefined && !spot) {
    throw invalid('evictionPolicy', 'Eviction policy can be set only on Azure Spot Virtual Machines.');
  }
  return { body, properties, location, size, spot, zone };
};

const invalid = (target: string, message: string): Error => refuse(400, 'InvalidParameter', message, target);

const checkNames = (name: string, properties: JSONObject): void => {
  if (name.length > 64) throw invalid('vmName', 'Linux host name cannot exceed 64 characters in length.');
  const profile = object(properties.osProfile);
  if (!properties.osProfile) return;
  if (!text(profile.adminUsername)) throw invalid('adminUsername', "Required parameter 'adminUsername' is missing (null).");
  const keys = list(dig(profile, 'linuxConfiguration', 'ssh', 'publicKeys'));
  if (text(profile.adminPassword) === undefined && keys.length === 0) {
    throw invalid(
      'linuxConfiguration.ssh.publicKeys',
      'Authentication using either SSH or by user name and password must be enabled in Linux profile.',
    );
  }
};

const checkCustomData = (properties: JSONObject): void => {
  const data = dig(properties, 'osProfile', 'customData');
  if (data === undefined || data === null) return;
  const encoded = text(data) ?? '';
  if (!/^[A-Za-z0-9+/\r\n]*={0,2}$/.test(encoded)) throw invalid('customData', 'Custom data in OSProfile must be in Base64 encoding.');
  if (Buffer.from(encoded, 'base64').length > MAX_CUSTOM_DATA) {
    throw invalid(
      'customData',
      `Custom data in OSProfile must be in Base64 encoding and with a maximum length of ${Math.ceil(MAX_CUSTOM_DATA / 3) * 4} characters.`,
    );
  }
};

const checkNetwork = (azure: Azure, properties: JSONObject): void => {
  const profile = object(properties.networkProfile);
  const made = list(profile.networkInterfaces);
  const wished = list(profile.networkInterfaceConfigurations);
  const bad = (parameter: string): Error => invalid(parameter, `The value of parameter ${parameter} is invalid.`);
  if (made.length > 0 && wished.length > 0) throw bad('networkProfile.networkInterfaceConfigurations');
  if (made.length + wished.length === 0) throw bad('networkProfile');
  if (wished.length > 0 && !text(profile.networkApiVersion)) throw bad('networkProfile.networkInterfaceConfigurations');
  for (const config of wished) {
    const ips = list(dig(config, 'properties', 'ipConfigurations'));
    if (!text(dig(config, 'name')) || ips.length === 0) throw bad('networkProfile.networkInterfaceConfigurations');
    checkReference(azure, dig(config, 'properties', 'networkSecurityGroup', 'id'), false);
    for (const ip of ips) checkReference(azure, dig(ip, 'properties', 'subnet', 'id'), true);
  }
};

/** Of something in the network that has to be there. */
export const checkReference = (azure: Azure, id: unknown, required: boolean): void => {
  const wanted = text(id);
  if (wanted === undefined && !required) return;
  if (wanted !== undefined && find(azure, wanted)) return;
  throw refuse(404, 'NotFound', `Resource ${wanted ?? '(none)'} not found.`);
};

const checkDisks = (size: Size, properties: JSONObject): void => {
  const storage = object(properties.storageProfile);
  const controller = text(storage.diskControllerType);
  const supported = size.diskControllers ?? 'SCSI';
  if (controller !== undefined && !supported.split(',').includes(controller)) {
    throw errorOf('diskcontroller_param', { size: size.name, controller });
  }
  // Without it the image's default is SCSI, which these sizes cannot boot with.
  if (controller === undefined && supported === 'NVMe') throw errorOf('size_vs_disk_controller', { size: size.name });
  const placement = text(dig(storage, 'osDisk', 'diffDiskSettings', 'placement'));
  if (dig(storage, 'osDisk', 'diffDiskSettings', 'option') === undefined) return;
  const placements = size.ephemeralPlacements?.split(',') ?? [];
  if (placements.length === 0 || (placement !== undefined && !placements.includes(placement))) {
    throw refuse(409, 'NotSupported', `OS ephemeral disk placement is not supported for VM size ${size.name}.`, 'diffDiskSettings');
  }
};
