// Resource groups, and the lists of everything in them or in the subscription.
import { errorOf, refuse } from '../arm-error.ts';
import type { Azure, Call, Handler } from '../azure.ts';
import { find } from '../azure.ts';
import { dig, isObject, type JSONObject, stringMap, text } from '../json.ts';
import { accepted, beginOperation, endOperation, stepTime } from '../operations.ts';
import { isRegion } from '../quota.ts';
import { machineAt, vanish } from '../vm-power.ts';
import type { Resource } from '../world.ts';
import { insert, page, provisioning, remove, show, touch, typed } from './store.ts';

const TYPE = 'Microsoft.Resources/resourceGroups';

const showGroup = (group: Resource): JSONObject => {
  const { tags, ...shown } = show(group);
  return { ...shown, tags: tags ?? {} };
};

const existing = (azure: Azure, call: Call): Resource => {
  const found = find(azure, call.id);
  if (!found) throw errorOf('rg_not_found', { rg: call.group });
  return found;
};

/** Of a request about something in a group. */
export const checkGroup = (azure: Azure, { subscription, group }: Call): void => {
  if (!find(azure, `/subscriptions/${subscription}/resourceGroups/${group}`)) throw errorOf('rg_not_found', { rg: group });
};

export const getGroup: Handler = (azure, call) => ({ status: 200, body: showGroup(existing(azure, call)) });

export const headGroup: Handler = (azure, call) => ({ status: find(azure, call.id) ? 204 : 404 });

export const putGroup: Handler = (azure, call) => {
  if (!isObject(call.body) || !isRegion(text(call.body.location) ?? '')) {
    throw refuse(
      400,
      'LocationNotAvailableForResourceGroup',
      `The provided location '${text(dig(call.body, 'location')) ?? ''}' is not available for resource group.`,
    );
  }
  const before = find(azure, call.id);
  const tags = stringMap(call.body.tags);
  if (before) {
    const location = String(call.body.location).toLowerCase().replaceAll(' ', '');
    if (location !== before.location) {
      const words = `Invalid resource group location '${location}'. The Resource group already exists in location '${before.location}'.`;
      throw refuse(409, 'InvalidResourceGroupLocation', words);
    }
    before.tags = tags;
    touch(azure, before);
    return { status: 200, body: showGroup(before) };
  }
  const id = `/subscriptions/${call.subscription}/resourceGroups/${call.group}`;
  const made = insert(azure, {
    id,
    type: TYPE,
    location: String(call.body.location),
    tags,
    properties: { provisioningState: 'Succeeded' },
  });
  return { status: 201, body: showGroup(made) };
};

export const patchGroup: Handler = (azure, call) => {
  const group = existing(azure, call);
  const tags = dig(call.body, 'tags');
  if (tags !== undefined) group.tags = stringMap(tags);
  touch(azure, group);
  return { status: 200, body: showGroup(group) };
};

export const deleteGroup: Handler = (azure, call) => {
  const group = existing(azure, call);
  provisioning(group, 'Deleting');
  const operation = beginOperation(azure, { ...call, type: TYPE }, 'delete', group.location);
  azure.after(stepTime(azure, operation, 'deleteGroup'), { kind: 'removeGroup', id: call.id.toLowerCase(), operation: operation.id });
  const answer = accepted(azure, call, operation, 202);
  const url = `${call.base}/subscriptions/${call.subscription}/operationresults/${operation.id}?api-version=${call.query('api-version')}`;
  return { ...answer, headers: { Location: url } };
};

/** With everything in it, at once. */
export const removeGroup = (azure: Azure, id: string, operation?: string): void => {
  if (operation !== undefined && !endOperation(azure, operation, 'Succeeded')) return;
  for (const key of [...azure.world.resources.keys()]) {
    if (key !== id && !key.startsWith(`${id}/`)) continue;
    const vm = machineAt(azure, key);
    if (vm) vanish(azure, vm, false);
    remove(azure, key);
  }
};

export const listGroups: Handler = (azure, call) => {
  const wanted = filterOf(call.query('$filter'));
  const found = typed(azure, TYPE, { subscription: call.subscription }).filter(wanted.keeps);
  return { status: 200, body: page(azure, call, found, showGroup) };
};

/** Top-level ones of every type. */
export const listResources: Handler = (azure, call) => {
  if (call.group) checkGroup(azure, call);
  const now = azure.clock.now();
  const wanted = filterOf(call.query('$filter'));
  const found = [...azure.world.resources.values()].filter(
    (resource) =>
      resource.type !== TYPE &&
      resource.type.split('/').length === 2 &&
      resource.visibleFrom <= now &&
      resource.subscription.toLowerCase() === call.subscription.toLowerCase() &&
      (!call.group || resource.group.toLowerCase() === call.group.toLowerCase()) &&
      wanted.keeps(resource),
  );
  const expand = call.query('$expand') ?? '';
  const top = Number(call.query('$top') ?? found.length);
  const limited = found.toSorted((a, b) => (a.id.toLowerCase() < b.id.toLowerCase() ? -1 : 1)).slice(0, top);
  return { status: 200, body: page(azure, call, limited, (resource) => generic(resource, expand, wanted.byTag)) };
};

/** A list by tag leaves the tags out, as Azure's does. */
const generic = (resource: Resource, expand: string, byTag: boolean): JSONObject => {
  const { properties, tags, etag: _, ...shown } = show(resource);
  return {
    ...shown,
    ...(tags && !byTag ? { tags } : {}),
    ...(/createdTime/i.test(expand) ? { createdTime: new Date(resource.created).toISOString() } : {}),
    ...(/changedTime/i.test(expand) ? { changedTime: new Date(resource.changed).toISOString() } : {}),
    ...(/provisioningState/i.test(expand) ? { provisioningState: dig(properties, 'provisioningState') } : {}),
  };
};

const filterOf = (filter = ''): { readonly byTag: boolean; readonly keeps: (resource: Resource) => boolean } => {
  const terms = filter === '' ? [] : filter.split(/\s+and\s+/i).map((term) => /^(\w+) eq '((?:[^']|'')*)'$/i.exec(term.trim()));
  const value = new Map(terms.map((term) => [(term?.[1] ?? '').toLowerCase(), (term?.[2] ?? '').replaceAll("''", "'")]));
  const known = ['tagname', 'tagvalue', 'resourcetype', 'location', 'name', 'resourcegroup'];
  const byTag = value.has('tagname');
  const mixed = byTag && [...value.keys()].some((name) => !['tagname', 'tagvalue'].includes(name));
  if (mixed || [...value.keys()].some((name) => !known.includes(name))) {
    throw refuse(400, 'InvalidFilterInQueryString', `Invalid $filter '${filter}' specified in the query string.`);
  }
  const same = (name: string, is: string): boolean => !value.has(name) || value.get(name)?.toLowerCase() === is.toLowerCase();
  return {
    byTag,
    keeps: ({ tags, type, location, name, group }) => {
      const tag = Object.entries(tags).find(([key]) => key.toLowerCase() === value.get('tagname')?.toLowerCase());
      const tagged = !byTag || (tag !== undefined && (!value.has('tagvalue') || tag[1] === value.get('tagvalue')));
      return tagged && same('resourcetype', type) && same('location', location) && same('name', name) && same('resourcegroup', group);
    },
  };
};
