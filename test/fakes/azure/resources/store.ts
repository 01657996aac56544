// Making, finding and showing resources of any type.
import { randomUUID } from 'node:crypto';
import { type Azure, type Call, find, newest } from '../azure.ts';
import { foldLocation, type JSONObject, object, stringMap, text } from '../json.ts';
import { lasting } from '../timers.ts';
import type { Resource } from '../world.ts';

export interface NewResource {
  readonly id: string;
  readonly type: string;
  readonly location: string;
  readonly tags: Record<string, string>;
  readonly top?: JSONObject;
  readonly properties: JSONObject;
}

export const insert = (azure: Azure, made: NewResource): Resource => {
  const [, , subscription = '', , group = ''] = made.id.split('/');
  const now = azure.clock.now();
  const resource: Resource = {
    ...made,
    location: foldLocation(made.location),
    top: made.top ?? {},
    name: made.id.split('/').at(-1) ?? '',
    subscription,
    group,
    etag: 1,
    created: now,
    changed: now,
    visibleFrom: now + lasting(azure, 'listLag'),
  };
  azure.world.resources.set(made.id.toLowerCase(), resource);
  return resource;
};

export const touch = (azure: Azure, resource: Resource): void => {
  resource.etag++;
  resource.changed = azure.clock.now();
};

export const remove = (azure: Azure, id: string): void => {
  azure.world.resources.delete(id.toLowerCase());
};

export const provisioning = (resource: Resource, state: string): void => {
  resource.properties.provisioningState = state;
};

/** `resourceGroups/rg` of a call, with the type and the name of something in it. */
export const idIn = ({ subscription, group }: Pick<Call, 'subscription' | 'group'>, type: string, name: string): string =>
  `/subscriptions/${subscription}/resourceGroups/${group}/providers/${type}/${name}`;

export const eightHex = (azure: Azure): string => `${randomUUID().slice(0, 6)}${(newest(azure) % 256).toString(16).padStart(2, '0')}`;

export const typed = (
  azure: Azure,
  type: string,
  where: Partial<Pick<Resource, 'subscription' | 'group' | 'location'>> = {},
): Resource[] => {
  const same = (wanted: string | undefined, is: string): boolean => wanted === undefined || wanted.toLowerCase() === is.toLowerCase();
  return [...azure.world.resources.values()].filter(
    (resource) =>
      resource.type === type &&
      same(where.subscription, resource.subscription) &&
      same(where.group, resource.group) &&
      same(where.location, resource.location) &&
      resource.visibleFrom <= azure.clock.now(),
  );
};

export const show = (resource: Resource): JSONObject => ({
  name: resource.name,
  id: resource.id,
  ...(resource.type.startsWith('Microsoft.Network/') ? { etag: `W/"${resource.etag}"` } : {}),
  type: resource.type,
  location: resource.location,
  ...(Object.keys(resource.tags).length > 0 ? { tags: resource.tags } : {}),
  ...resource.top,
  properties: resource.properties,
});

/** A page of a list, in the order of their ids, with a link to the next one. */
export const page = (azure: Azure, call: Call, resources: readonly Resource[], render: (resource: Resource) => unknown): JSONObject => {
  const sorted = resources.toSorted((a, b) => compare(a.id.toLowerCase(), b.id.toLowerCase()));
  const token = call.query('$skiptoken');
  const after = token === undefined ? '' : Buffer.from(token, 'base64url').toString();
  const rest = sorted.filter(({ id }) => id.toLowerCase() > after);
  const shown = rest.slice(0, azure.world.pageSize);
  const last = shown.at(-1);
  if (last === undefined || rest.length <= shown.length) return { value: shown.map(render) };
  const next = new URL(call.url.href.replace(call.url.origin, call.base));
  next.searchParams.set('$skiptoken', Buffer.from(last.id.toLowerCase()).toString('base64url'));
  return { value: shown.map(render), nextLink: next.href };
};

const compare = (a: string, b: string): number => {
  if (a === b) return 0;
  return a < b ? -1 : 1;
};

/** Makes it of a body, or writes the body over the one there is; `extra` is what Azure adds. */
export const plain = (azure: Azure, call: Call, body: JSONObject, before: Resource | undefined, extra: JSONObject = {}): Resource => {
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
