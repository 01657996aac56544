// Taking the path of a request apart: subscription, group, type, name and action, in whatever casing.

export interface Place {
  readonly subscription: string;
  readonly group: string;
  readonly location: string;
  /** As the caller wrote it, without an action. */
  readonly id: string;
  /** With Azure's casing where it is known. */
  readonly type: string;
  readonly name: string;
  readonly action: string;
}

const CASING = new Map(
  [
    'Microsoft.Compute/virtualMachines',
    'Microsoft.Compute/disks',
    'Microsoft.Compute/usages',
    'Microsoft.Compute/skus',
    'Microsoft.Network/virtualNetworks',
    'Microsoft.Network/virtualNetworks/subnets',
    'Microsoft.Network/networkSecurityGroups',
    'Microsoft.Network/networkSecurityGroups/securityRules',
    'Microsoft.Network/publicIPAddresses',
    'Microsoft.Network/networkInterfaces',
    'Microsoft.Network/natGateways',
    'Microsoft.Network/usages',
    'Microsoft.DevTestLab/schedules',
  ].map((type) => [type.toLowerCase(), type]),
);

/** Undefined: it is not of Resource Manager at all. */
export const placeOf = (method: string, pathname: string): Place | undefined => {
  const parts = decodeURIComponent(pathname).split('/').slice(1).filter(Boolean);
  if (parts[0]?.toLowerCase() !== 'subscriptions' || parts[1] === undefined) return undefined;
  const subscription = parts[1];
  const inGroup = parts[2]?.toLowerCase() === 'resourcegroups';
  const group = inGroup ? (parts[3] ?? '') : '';
  const scope = `/subscriptions/${subscription}${group ? `/resourceGroups/${group}` : ''}`;
  const rest = parts.slice(group ? 4 : inGroup ? 3 : 2);
  const place = { subscription, group, location: '', id: scope, type: '', name: group, action: '' };
  if (rest.length === 0) return inGroup ? { ...place, type: 'group', action: group ? '' : 'list' } : { ...place, type: 'subscription' };
  if (rest[0]?.toLowerCase() === 'resources') return { ...place, type: 'resources', action: 'list' };
  if (/^operationresults$/i.test(rest[0] ?? '')) return { ...place, type: 'operation', name: rest[1] ?? '', action: 'poll' };
  if (rest[0]?.toLowerCase() !== 'providers') return { ...place, type: rest[0] ?? '' };
  const [, namespace = '', ...segments] = rest;
  if (segments.length === 0) return { ...place, type: 'provider', name: namespace };
  if (segments.length === 1 && segments[0]?.toLowerCase() === 'register')
    return { ...place, type: 'provider', name: namespace, action: 'register' };
  return /^locations$/i.test(segments[0] ?? '') ? inLocation(place, namespace, segments) : inProvider(method, place, namespace, segments);
};

const inLocation = (place: Place, namespace: string, [, location = '', what = '', ...more]: readonly string[]): Place => {
  if (/^operation(s|results)$/i.test(what)) return { ...place, location, type: 'operation', name: more[0] ?? '', action: 'poll' };
  if (/^publishers$/i.test(what)) {
    const version = more.length >= 9 ? more.at(-1) : undefined;
    return { ...place, location, type: `${namespace}/images`, name: version ?? '', action: version === undefined ? 'list' : '' };
  }
  return { ...place, location, type: cased(`${namespace}/${what}`), name: '', action: 'list@location' };
};

/** Types and names take turns; what is left over is an action of a POST, or a list. */
const inProvider = (method: string, place: Place, namespace: string, segments: readonly string[]): Place => {
  const odd = segments.length % 2 === 1;
  const view = /^instanceView$/i.test(segments.at(-1) ?? '');
  const action = odd && (method === 'POST' || view) && segments.length > 1 ? (segments.at(-1) ?? '') : '';
  const used = action === '' ? segments : segments.slice(0, -1);
  const type = cased([namespace, ...used.filter((_, index) => index % 2 === 0)].join('/'));
  const names = used.filter((_, index) => index % 2 === 1);
  const lists = used.length % 2 === 1;
  const listed = place.group === '' ? 'list@subscription' : 'list';
  return {
    ...place,
    id: `${place.id}/providers/${type.split('/')[0]}/${idPath(type, used)}`,
    type,
    name: lists ? '' : (names.at(-1) ?? ''),
    action: lists ? listed : action,
  };
};

const idPath = (type: string, used: readonly string[]): string => {
  const types = type.split('/').slice(1);
  return used.map((segment, index) => (index % 2 === 0 ? (types[index / 2] ?? segment) : segment)).join('/');
};

const cased = (type: string): string => CASING.get(type.toLowerCase()) ?? type;
