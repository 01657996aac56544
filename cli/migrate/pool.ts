// The VMs of the state as one pool: their regions and sizes, those of which there are most first. Pure.
import { poolSizes, type Size, type SizeName } from '../../controller/api/sizes.ts';
import type { VMPoolSpec } from '../../controller/api/types.generated.ts';
import type { RemoteVM } from './remote-state.ts';

export interface MigratedPool {
  /** Undefined where not one VM says of what size and where. */
  readonly spec: VMPoolSpec | undefined;
  readonly notes: readonly string[];
  readonly leftOut: readonly string[];
  sizeOf(vm: RemoteVM): SizeName | undefined;
  regionOf(vm: RemoteVM): string | undefined;
}

const BUILT_IN: readonly Size[] = poolSizes({
  provider: { type: 'Azure' },
  sizes: [{ name: 's' }, { name: 'm' }, { name: 'l' }, { name: 'xl' }],
});
const DEFAULT_MAX_VMS = 10;

interface Placed {
  readonly vm: RemoteVM;
  readonly size: Size;
  readonly region: string;
}

export const poolOf = (vms: readonly RemoteVM[]): MigratedPool => {
  const placed = vms.flatMap((vm): readonly Placed[] => {
    const [size, region] = [sizeOf(vm), regionOf(vm)];
    return size === undefined || region === undefined ? [] : [{ vm, size, region }];
  });
  const sizes = mostFirst(placed.map(({ size }) => size));
  const entries = sizes.map((size) => sizeEntry(size, placed));
  const regions = mostFirst(placed.map(({ region }) => region));
  const azure = { provider: { type: 'Azure' as const, azure: { regions } }, sizes: entries.map(({ entry }) => entry) };
  return {
    spec: placed.length === 0 ? undefined : { ...azure, ...(vms.length > DEFAULT_MAX_VMS ? { maxVMs: vms.length } : {}) },
    notes: entries.flatMap(({ notes }) => notes),
    leftOut: vms.flatMap((vm) => whyUnusable(vm) ?? []),
    // A size that the pool does not have would keep a session waiting for ever.
    sizeOf: (vm) => [sizeOf(vm)].find((size) => size !== undefined && (sizes.length === 0 || sizes.includes(size)))?.name,
    regionOf,
  };
};

const sizeOf = ({ size, capacity }: RemoteVM): Size | undefined =>
  BUILT_IN.find(({ skus }) => skus.includes(size)) ?? BUILT_IN.find(({ slots }) => slots === capacity);

/** What stands there when the program was told no region. */
const regionOf = ({ region }: RemoteVM): string | undefined =>
  /^[a-z0-9]+$/.test(region) && region !== 'default' && region !== 'unknown' ? region : undefined;

const whyUnusable = (vm: RemoteVM): string | undefined => {
  if (regionOf(vm) === undefined) return `VM ${vm.name}: its region ${JSON.stringify(vm.region)} is none of Azure's`;
  return sizeOf(vm) === undefined ? `VM ${vm.name}: no size has its SKU ${vm.size} or its capacity of ${vm.capacity} sessions` : undefined;
};

/** What the VMs of a size have that the built-in size has not is said in the pool, and in words where it is not known. */
const sizeEntry = (
  builtIn: Size,
  placed: readonly Placed[],
): { readonly entry: VMPoolSpec['sizes'][number]; readonly notes: readonly string[] } => {
  const { name } = builtIn;
  const ofSize = placed.filter(({ size }) => size === builtIn).map(({ vm }) => vm);
  const skus = mostFirst(ofSize.map(({ size }) => size));
  const foreign = skus.filter((sku) => !builtIn.skus.includes(sku));
  const slots = Math.min(...ofSize.map(({ capacity }) => capacity));
  const isKnown = foreign.length === 0;
  const assumed = `size ${name}: the memory of ${foreign.join(', ')} is not known, and ${builtIn.memoryMiB / 1024} GiB are assumed`;
  return {
    entry: { name, ...(isKnown ? {} : { skus }), ...(slots === builtIn.slots ? {} : { slots }) },
    notes: isKnown ? [] : [`${assumed}: set memoryMiB where that is wrong`],
  };
};

const mostFirst = <T>(values: readonly T[]): readonly T[] => {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([value]) => value);
};
