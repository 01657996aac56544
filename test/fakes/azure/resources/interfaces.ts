// Network interfaces: making one of a body, and showing it with its public addresses.
import { refuse } from '../arm-error.ts';
import { type Azure, type Call, find } from '../azure.ts';
import { dig, isObject, type JSONObject, list, object, text } from '../json.ts';
import { addressConfiguration, freeAddress, interfaceBasics, subnetFull } from '../vm-children.ts';
import { checkReference } from '../vm-validate.ts';
import type { Resource } from '../world.ts';
import { plain, show } from './store.ts';

export const makeInterface = (azure: Azure, call: Call, body: JSONObject, before: Resource | undefined): Resource => {
  const { ipConfigurations, ...rest } = object(body.properties);
  checkReference(azure, dig(rest, 'networkSecurityGroup', 'id'), false);
  const ips = list(ipConfigurations)
    .map(object)
    .map((ip) => {
      const { publicIPAddress, ...properties } = object(ip.properties);
      const subnet = text(dig(properties, 'subnet', 'id')) ?? '';
      checkReference(azure, subnet, true);
      checkReference(azure, dig(publicIPAddress, 'id'), false);
      const kept = list(before?.properties.ipConfigurations).find((old) => dig(old, 'name') === ip.name);
      const address = text(dig(kept, 'properties', 'privateIPAddress')) ?? freeAddress(azure, subnet);
      if (address === undefined) throw refuse(400, 'SubnetIsFull', subnetFull(azure, subnet).message);
      const id = `${call.id}/ipConfigurations/${text(ip.name) ?? 'ip'}`;
      const pip = find(azure, text(dig(publicIPAddress, 'id')) ?? '');
      const holder = text(dig(pip?.properties, 'ipConfiguration', 'id'));
      if (holder !== undefined && holder.toLowerCase() !== id.toLowerCase()) {
        throw refuse(
          400,
          'PublicIPAddressInUse',
          `Resource ${id} is referencing public IP address ${pip?.id} that is already allocated to resource ${holder}.`,
        );
      }
      if (pip) pip.properties.ipConfiguration = { id };
      return addressConfiguration(id, properties, address, isObject(publicIPAddress) ? publicIPAddress : undefined);
    });
  const holds = before ? { virtualMachine: before.properties.virtualMachine, macAddress: before.properties.macAddress } : {};
  return plain(azure, call, { ...body, properties: { ...rest, ipConfigurations: ips } }, before, { ...interfaceBasics(), ...holds });
};

export const withAddresses = (azure: Azure, resource: Resource): JSONObject => ({
  ...show(resource),
  properties: {
    ...resource.properties,
    ipConfigurations: list(resource.properties.ipConfigurations)
      .map(object)
      .map((ip) => {
        const pip = find(azure, text(dig(ip, 'properties', 'publicIPAddress', 'id')) ?? '');
        return pip ? { ...ip, properties: { ...object(ip.properties), publicIPAddress: show(pip) } } : ip;
      }),
  },
});
