// Requests about the network: PUT, GET, PATCH, DELETE and lists of every type of network-kinds.ts.
import { refuse } from '../arm-error.ts';
import { type Answer, type Azure, type Call, find, type Handler } from '../azure.ts';
import { dig, isObject, stringMap, text } from '../json.ts';
import { accepted, beginOperation, endOperation, stepTime } from '../operations.ts';
import { isRegion } from '../quota.ts';
import type { Resource } from '../world.ts';
import { type Kind, kindOf, NETWORK, showNetwork } from './network-kinds.ts';
import { page, provisioning, remove, touch, typed } from './store.ts';

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
