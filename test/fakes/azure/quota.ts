// Quota, capacity and restrictions: what of a size may be had in a region, with the sentences Azure refuses the rest with.
import { type ARMError, errorOf } from './arm-error.ts';
import type { Azure } from './azure.ts';
import { REGIONS, SIZES, type Size, sizeOf } from './facts.ts';
import { foldLocation } from './json.ts';
import type { Failure, World } from './world.ts';

/** Where nobody set one. */
const DEFAULT_LIMIT = 1_000;

export interface Wish {
  readonly region: string;
  readonly size: Size;
  readonly spot: boolean;
  readonly zone: string | undefined;
}

/** Current use by what is counted: cores, lowPriorityCores, virtualMachines, PublicIPAddresses, families (folded). */
export const usageOf = (world: World, region: string): ReadonlyMap<string, number> => {
  const used = new Map<string, number>();
  const add = (what: string, count: number): unknown => used.set(what, (used.get(what) ?? 0) + count);
  for (const { location, type, machine } of world.resources.values()) {
    if (foldLocation(location) !== region) continue;
    if (type === 'Microsoft.Network/publicIPAddresses') add('publicIPAddresses', 1);
    if (type === 'Microsoft.Network/networkInterfaces') add('networkInterfaces', 1);
    if (!machine) continue;
    add('virtualMachines', 1);
    const size = sizeOf(machine.size);
    if (!size || !machine.counted) continue;
    add(machine.spot ? 'lowPriorityCores' : 'cores', size.vCPUs);
    if (!machine.spot) add(size.family.toLowerCase(), size.vCPUs);
  }
  return used;
};

export const limitOf = (world: World, region: string, what: string): number =>
  world.faults.quotas.findLast((quota) => foldLocation(quota.region) === region && quota.of.toLowerCase() === what.toLowerCase())?.limit ??
  DEFAULT_LIMIT;

export const quotaRefusal = (azure: Azure, { region, size, spot }: Wish, more: number): ARMError | undefined => {
  const used = usageOf(azure.world, region);
  const over = (what: string): { limit: number; usage: number; required: number; newLimit: number } | undefined => {
    const limit = limitOf(azure.world, region, what);
    const usage = used.get(what === 'cores' || what === 'lowPriorityCores' ? what : what.toLowerCase()) ?? 0;
    return usage + more > limit ? { limit, usage, required: more, newLimit: usage + more } : undefined;
  };
  if (spot) {
    const numbers = over('lowPriorityCores');
    return numbers && errorOf('quota_spot', { ...numbers, location: region });
  }
  const regional = over('cores');
  if (regional) return errorOf('quota_regional', { ...regional, location: region });
  const family = over(size.family);
  return family && errorOf('quota_family', { ...family, location: region, family: size.family });
};

/** Whether the subscription may use the size there at all; spot without capacity is refused here too. */
export const restrictionRefusal = (
  { faults }: World,
  { region, size, spot, zone }: Wish,
  blanks: Readonly<Record<string, string>>,
): ARMError | undefined => {
  const restricted = faults.restrictions.some(
    (restriction) =>
      foldLocation(restriction.region) === region &&
      restriction.size.toLowerCase() === size.name.toLowerCase() &&
      (restriction.zones === undefined || (zone !== undefined && restriction.zones.includes(zone))),
  );
  if (restricted) return errorOf('sku_not_available', { ...blanks, location: region, zones: zone ?? '' });
  const empty = spot && limits(faults, { region, size, spot, zone }).some(({ left }) => left <= 0);
  return empty ? errorOf('sku_not_available_spot', { ...blanks, location: region }) : undefined;
};

/** Takes one of what is left; says why there is none. */
export const allocate = ({ faults }: World, wish: Wish): Failure | undefined => {
  const found = limits(faults, wish);
  if (found.some(({ left }) => left <= 0)) {
    const id = wish.zone === undefined ? 'allocation_failed' : 'zonal_allocation_failed';
    return errorOf(id, { size: wish.size.name, zone: wish.zone }).failure;
  }
  for (const entry of found) entry.left--;
  return undefined;
};

const limits = ({ capacity }: World['faults'], { region, size, spot, zone }: Wish): World['faults']['capacity'] =>
  capacity.filter(
    (entry) =>
      foldLocation(entry.region) === region &&
      (entry.size === undefined || entry.size.toLowerCase() === size.name.toLowerCase()) &&
      (entry.family === undefined || entry.family.toLowerCase() === size.family.toLowerCase()) &&
      (entry.zone === undefined || entry.zone === zone) &&
      (entry.priority === undefined || (entry.priority === 'Spot') === spot),
  );

/** As the usages of Compute list them: families with the casing of that list, which differs from that of the SKUs. */
export const computeUsages = (world: World, region: string): readonly object[] => {
  const used = usageOf(world, region);
  const families = [...new Set(SIZES.map((size) => size.family))];
  const row = (value: string, localized: string): object => ({
    name: { value, localizedValue: localized },
    unit: 'Count',
    currentValue: used.get(value) ?? used.get(value.toLowerCase()) ?? 0,
    limit: limitOf(world, region, value),
  });
  return [
    row('cores', 'Total Regional vCPUs'),
    row('virtualMachines', 'Virtual Machines'),
    row('lowPriorityCores', 'Total Regional Spot vCPUs'),
    ...families.map((family) => row(`${family.charAt(0).toLowerCase()}${family.slice(1)}`, `${family} vCPUs`)),
  ];
};

export const networkUsages = (world: World, region: string): readonly object[] => {
  const used = usageOf(world, region);
  return ['PublicIPAddresses', 'NetworkInterfaces'].map((value) => ({
    name: { value, localizedValue: value },
    unit: 'Count',
    currentValue: used.get(`${value.charAt(0).toLowerCase()}${value.slice(1)}`) ?? 0,
    limit: limitOf(world, region, value),
  }));
};

export const isRegion = (name: string): boolean => REGIONS.includes(foldLocation(name));
