// The types of the network: how each is made and shown, and who may hold on to it.
import { refuse } from '../arm-error.ts';
import { type Azure, type Call, find } from '../azure.ts';
import { dig, type JSONObject, list, object, stringMap, text } from '../json.ts';
import { limitOf, usageOf } from '../quota.ts';
import { insertPublicAddress } from '../vm-children.ts';
import { checkReference } from '../vm-validate.ts';
import type { Resource } from '../world.ts';
import { makeInterface, withAddresses } from './interfaces.ts';
import { plain, provisioning, show } from './store.ts';

export const NETWORK = 'Microsoft.Network';

/** How one type is made, shown, and who may hold on to it. */
export interface Kind {
  readonly type: string;
  readonly make: (azure: Azure, call: Call, body: JSONObject, before: Resource | undefined) => Resource;
  readonly show?: (azure: Azure, resource: Resource, expand: string) => JSONObject;
  /** Whoever uses it, and the code it is then refused with. */
  readonly holder?: (azure: Azure, resource: Resource) => { readonly by: string; readonly code: string } | undefined;
}

const inline = (azure: Azure, call: Call, resource: Resource, member: string, type: string): void => {
  for (const child of list(resource.properties[member]).map(object)) {
    const id = `${resource.id}/${member}/${text(child.name)}`;
    const before = find(azure, id);
    const made = plain(azure, { ...call, id, type }, child, before);
    provisioning(made, 'Succeeded');
  }
  delete resource.properties[member];
};

const children = (azure: Azure, resource: Resource, type: string): JSONObject[] =>
  [...azure.world.resources.values()]
    .filter((child) => child.type === type && child.id.toLowerCase().startsWith(`${resource.id.toLowerCase()}/`))
    .map(showChild);

const showChild = (resource: Resource): JSONObject => {
  const { location: _, ...shown } = show(resource);
  return shown;
};

const users = (azure: Azure, type: string, uses: (resource: Resource) => readonly unknown[], id: string): string | undefined =>
  [...azure.world.resources.values()].find(
    (resource) =>
      resource.type === type && uses(resource).some((used) => typeof used === 'string' && used.toLowerCase() === id.toLowerCase()),
  )?.id;

const interfaceSubnets = ({ properties }: Resource): readonly unknown[] =>
  list(properties.ipConfigurations).map((ip) => dig(ip, 'properties', 'subnet', 'id'));

const subnetUser = (azure: Azure, { id }: Resource): { by: string; code: string } | undefined => {
  const by = users(azure, `${NETWORK}/networkInterfaces`, interfaceSubnets, id);
  return by === undefined ? undefined : { by, code: 'InUseSubnetCannotBeDeleted' };
};

const KINDS: readonly Kind[] = [
  {
    type: `${NETWORK}/virtualNetworks`,
    make: (azure, call, body, before) => {
      const made = plain(azure, call, body, before);
      inline(azure, call, made, 'subnets', `${NETWORK}/virtualNetworks/subnets`);
      return made;
    },
    show: (azure, resource) => ({
      ...show(resource),
      properties: { ...resource.properties, subnets: children(azure, resource, `${NETWORK}/virtualNetworks/subnets`) },
    }),
    holder: (azure, resource) =>
      [...azure.world.resources.values()]
        .filter(
          ({ type, id }) => type === `${NETWORK}/virtualNetworks/subnets` && id.toLowerCase().startsWith(`${resource.id.toLowerCase()}/`),
        )
        .flatMap((subnet) => subnetUser(azure, subnet) ?? [])[0],
  },
  {
    type: `${NETWORK}/virtualNetworks/subnets`,
    make: (azure, call, body, before) => {
      checkReference(azure, call.id.split('/').slice(0, -2).join('/'), true);
      for (const name of ['networkSecurityGroup', 'natGateway']) checkReference(azure, dig(body, 'properties', name, 'id'), false);
      return plain(azure, call, body, before);
    },
    show: (_, resource) => showChild(resource),
    holder: subnetUser,
  },
  {
    type: `${NETWORK}/networkSecurityGroups`,
    make: (azure, call, body, before) => {
      const made = plain(azure, call, body, before, { defaultSecurityRules: [] });
      inline(azure, call, made, 'securityRules', `${NETWORK}/networkSecurityGroups/securityRules`);
      return made;
    },
    show: (azure, resource) => ({
      ...show(resource),
      properties: { ...resource.properties, securityRules: children(azure, resource, `${NETWORK}/networkSecurityGroups/securityRules`) },
    }),
    holder: (azure, { id }) => {
      const uses = ({ properties }: Resource): readonly unknown[] => [dig(properties, 'networkSecurityGroup', 'id')];
      const by = users(azure, `${NETWORK}/networkInterfaces`, uses, id) ?? users(azure, `${NETWORK}/virtualNetworks/subnets`, uses, id);
      return by === undefined ? undefined : { by, code: 'InUseNetworkSecurityGroupCannotBeDeleted' };
    },
  },
  {
    type: `${NETWORK}/networkSecurityGroups/securityRules`,
    make: (azure, call, body, before) => {
      checkReference(azure, call.id.split('/').slice(0, -2).join('/'), true);
      return plain(azure, call, body, before);
    },
    show: (_, resource) => showChild(resource),
  },
  { type: `${NETWORK}/natGateways`, make: plain },
  {
    type: `${NETWORK}/publicIPAddresses`,
    make: (azure, call, body, before) => {
      if (before)
        return plain(azure, call, body, before, {
          ipAddress: before.properties.ipAddress,
          ipConfiguration: before.properties.ipConfiguration,
        });
      const location = text(body.location) ?? '';
      const limit = limitOf(azure.world, location, 'publicIPs');
      if ((usageOf(azure.world, location).get('publicIPAddresses') ?? 0) >= limit) {
        throw refuse(
          400,
          'PublicIPCountLimitReached',
          `Cannot create more than ${limit} public IP addresses for this subscription in this region.`,
        );
      }
      const made = {
        id: call.id,
        location,
        tags: stringMap(body.tags),
        sku: object(body.sku),
        zones: body.zones,
        properties: object(body.properties),
      };
      return insertPublicAddress(azure, made);
    },
    holder: (_, { properties }) => {
      const by = text(dig(properties, 'ipConfiguration', 'id'));
      return by === undefined ? undefined : { by, code: 'PublicIPAddressCannotBeDeleted' };
    },
  },
  {
    type: `${NETWORK}/networkInterfaces`,
    make: (azure, call, body, before) => makeInterface(azure, call, body, before),
    show: (azure, resource, expand) => (/publicIPAddress/i.test(expand) ? withAddresses(azure, resource) : show(resource)),
    holder: (_, { properties }) => {
      const by = text(dig(properties, 'virtualMachine', 'id'));
      return by === undefined ? undefined : { by, code: 'NicInUse' };
    },
  },
];

export const kindOf = (type: string): Kind | undefined => KINDS.find((kind) => kind.type.toLowerCase() === type.toLowerCase());
export const isNetworkType = (type: string): boolean => kindOf(type) !== undefined;

export const showNetwork = (azure: Azure, resource: Resource, expand = ''): JSONObject =>
  kindOf(resource.type)?.show?.(azure, resource, expand) ?? show(resource);
