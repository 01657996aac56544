// Networks, subnets, security groups and their rules, NAT gateways, public addresses and interfaces.
import { refuse } from '../arm-error.ts';
import type { Answer, Azure, Call, Handler } from '../azure.ts';
import { find } from '../azure.ts';
import { dig, isObject, type JSONObject, list, object, stringMap, text } from '../json.ts';
import { accepted, beginOperation, endOperation, stepTime } from '../operations.ts';
import { isRegion, limitOf, usageOf } from '../quota.ts';
import { addressConfiguration, freeAddress, insertPublicAddress, interfaceBasics, subnetFull } from '../vm-children.ts';
import { checkReference } from '../vm-validate.ts';
import type { Resource } from '../world.ts';
import { insert, page, provisioning, remove, show, touch, typed } from './store.ts';

/** How one type is made, shown, and who may hold on to it. */
interface Kind {
  readonly type: string;
  readonly make: (azure: Azure, call: Call, body: JSONObject, before: Resource | undefined) => Resource;
  readonly show?: (azure: Azure, resource: Resource, expand: string) => JSONObject;
  /** Whoever uses it, and the code it is then refused with. */
  readonly holder?: (azure: Azure, resource: Resource) => { readonly by: string; readonly code: string } | undefined;
}

const NETWORK = 'Microsoft.Network';

const plain = (azure: Azure, call: Call, body: JSONObject, before: Resource | undefined, extra: JSONObject = {}): Resource => {
  const { location, tags, properties, id: _id, name: _name, type: _type, etag: _etag, ...top } = body;
  const parent = find(azure, call.id.split('/').slice(0, -2).join('/'));
  if (before) {
    before.tags = stringMap(tags);
    before.top = top;
    before.properties = { ...extra, ...object(properties) };
    touch(azure, before);
    return before;
  }
  const place = text(location) ?? parent?.location ?? '';
  return insert(azure, {
    id: call.id,
    type: call.type,
    location: place,
    tags: stringMap(tags),
    top,
    properties: { ...extra, ...object(properties) },
  });
};

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

const makeInterface = (azure: Azure, call: Call, body: JSONObject, before: Resource | undefined): Resource => {
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

const withAddresses = (azure: Azure, resource: Resource): JSONObject => ({
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

const kindOf = (type: string): Kind | undefined => KINDS.find((kind) => kind.type.toLowerCase() === type.toLowerCase());
export const isNetworkType = (type: string): boolean => kindOf(type) !== undefined;

export const showNetwork = (azure: Azure, resource: Resource, expand = ''): JSONObject =>
  kindOf(resource.type)?.show?.(azure, resource, expand) ?? show(resource);

const required = (call: Call): Kind => {
  const kind = kindOf(call.type);
  if (!kind) throw refuse(404, 'InvalidResourceType', `The resource type '${call.type}' could not be found in the namespace '${NETWORK}'.`);
  return kind;
};

const existing = (azure: Azure, call: Call): Resource => {
  const found = find(azure, call.id);
  if (!found) throw refuse(404, 'NotFound', `Resource ${call.id} not found.`);
  return found;
};

export const getNetwork: Handler = (azure, call) => ({
  status: 200,
  body: showNetwork(azure, existing(azure, call), call.query('$expand')),
});

export const putNetwork: Handler = (azure, call): Answer => {
  const kind = required(call);
  if (!isObject(call.body)) throw refuse(400, 'InvalidRequestFormat', 'Cannot parse the request.');
  const before = find(azure, call.id);
  const top = kind.type.split('/').length === 2;
  if (top && !isRegion(text(call.body.location) ?? ''))
    throw refuse(400, 'LocationRequired', 'The location property is required for this definition.');
  const made = kind.make(azure, { ...call, type: kind.type }, call.body, before);
  provisioning(made, 'Updating');
  const operation = beginOperation(azure, call, 'put', made.location);
  azure.after(stepTime(azure, operation, 'network'), {
    kind: operation.plan.failure ? 'fail' : 'settle',
    id: made.id.toLowerCase(),
    operation: operation.id,
  });
  return accepted(azure, call, operation, before ? 200 : 201, showNetwork(azure, made));
};

export const patchNetwork: Handler = (azure, call) => {
  const resource = existing(azure, call);
  resource.tags = stringMap(dig(call.body, 'tags'));
  touch(azure, resource);
  return { status: 200, body: showNetwork(azure, resource) };
};

export const deleteNetwork: Handler = (azure, call) => {
  const resource = find(azure, call.id);
  if (!resource) return { status: 204 };
  const held = required(call).holder?.(azure, resource);
  if (held) throw refuse(400, held.code, `${resource.id} cannot be deleted since it is in use by ${held.by}.`);
  if (resource.reserved && resource.reserved.until > azure.clock.now()) {
    throw refuse(
      400,
      'NicReservedForAnotherVm',
      `Nic(s) in request is reserved for another Virtual Machine for 180 seconds. Please provide another nic(s) or retry after 180 seconds. Reserved VM: ${resource.reserved.vm}`,
    );
  }
  provisioning(resource, 'Deleting');
  const operation = beginOperation(azure, call, 'delete', resource.location);
  azure.after(stepTime(azure, operation, 'network'), {
    kind: operation.plan.failure ? 'fail' : 'remove',
    id: resource.id.toLowerCase(),
    operation: operation.id,
  });
  return accepted(azure, call, operation, 202);
};

export const listNetwork: Handler = (azure, call) => {
  const kind = required(call);
  const inside = kind.type.split('/').length > 2 ? call.id.toLowerCase() : undefined;
  const found = typed(azure, kind.type, { subscription: call.subscription, ...(call.group ? { group: call.group } : {}) }).filter(
    ({ id }) => inside === undefined || id.toLowerCase().startsWith(inside),
  );
  return { status: 200, body: page(azure, call, found, (resource) => showNetwork(azure, resource)) };
};

/** What was put or deleted has settled. */
export const settle = (azure: Azure, id: string, operation: string): void => {
  const resource = find(azure, id);
  if (endOperation(azure, operation, 'Succeeded') && resource) provisioning(resource, 'Succeeded');
};

export const removeSettled = (azure: Azure, id: string, operation: string): void => {
  if (!endOperation(azure, operation, 'Succeeded')) return;
  for (const [key, { properties }] of azure.world.resources) {
    if (key.startsWith(`${id}/`)) remove(azure, key);
    if (dig(properties, 'ipConfiguration', 'id')?.toString().toLowerCase().startsWith(`${id}/`)) delete properties.ipConfiguration;
  }
  remove(azure, id);
};
