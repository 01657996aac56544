// Free berths, indexed so that the best fit is found without looking at every VM: 10,000 sessions over 2,500 VMs have to
// be placed in well under a second. Internally mutable, created and thrown away within one decision.
import type { SizeName } from '../../api/sizes.ts';

export interface Berths {
  readonly name: string;
  readonly size: SizeName;
  readonly region: string | undefined;
  readonly memoryMiB: number;
  freeSlots: number;
  freeMemoryMiB: number;
}

export interface Demand {
  readonly size: SizeName | undefined;
  readonly region: string | undefined;
  readonly memoryMiB: number;
}

export interface Fleet<B extends Berths = Berths> {
  /** Takes a slot and its memory on the fullest VM that still fits; undefined when none does. */
  take(demand: Demand): B | undefined;
  /** Keeps the VM that will fit soonest away from everybody else, for a head that has waited too long. */
  reserve(demand: Demand): void;
  add(berths: B): void;
  freeSlots(matching: Pick<Demand, 'size' | 'region'>): number;
}

/** VMs of one group with as many free slots and as much free memory: nothing but the name, ascending, tells them apart. */
interface Shelf<B> {
  readonly freeMemoryMiB: number;
  readonly berths: B[];
}
interface Group<B> {
  readonly size: SizeName;
  readonly region: string | undefined;
  /** By the number of free slots, each ascending by free memory, none of them empty. Sparse, as few numbers occur. */
  readonly shelves: Shelf<B>[][];
}

export const createFleet = <B extends Berths>(all: readonly B[]): Fleet<B> => {
  const groups = new Map<string, Group<B>>();
  const groupOf = ({ size, region }: B): Group<B> => {
    const key = `${size} ${region ?? ''}`;
    const group = groups.get(key) ?? { size, region, shelves: [] };
    groups.set(key, group);
    return group;
  };
  const matching = (demand: Pick<Demand, 'size' | 'region'>): Group<B>[] => [...groups.values()].filter((group) => matches(group, demand));
  const add = (berths: B): void => shelve(groupOf(berths), berths);
  for (const berths of all) add(berths);
  return {
    add,
    take: (demand) => {
      const found = bestFit(groups.values(), demand);
      if (!found) return undefined;
      const { group, berths } = found;
      unshelve(group, berths);
      berths.freeSlots -= 1;
      berths.freeMemoryMiB -= demand.memoryMiB;
      shelve(group, berths);
      return berths;
    },
    reserve: (demand) => {
      const fitting = matching(demand).flatMap((group) =>
        group.shelves.flat().flatMap(({ berths }) => berths.filter(({ memoryMiB }) => memoryMiB >= demand.memoryMiB)),
      );
      const soonest = fitting.toSorted(bySoonest)[0];
      if (soonest) unshelve(groupOf(soonest), soonest);
    },
    freeSlots: (demand) =>
      matching(demand)
        .flatMap(({ shelves }) => shelves.map((row, slots) => slots * row.reduce((count, { berths }) => count + berths.length, 0)))
        .reduce((sum, slots) => sum + slots, 0),
  };
};

const rowOf = <B extends Berths>({ shelves }: Group<B>, { freeSlots }: B): Shelf<B>[] => {
  shelves[freeSlots] ??= [];
  return shelves[freeSlots];
};

const shelve = <B extends Berths>(group: Group<B>, berths: B): void => {
  const { freeMemoryMiB } = berths;
  const row = rowOf(group, berths);
  const index = firstWithMemory(row, freeMemoryMiB);
  const shelf = row[index];
  if (shelf?.freeMemoryMiB === freeMemoryMiB) shelf.berths.splice(firstNamed(shelf, berths), 0, berths);
  else row.splice(index, 0, { freeMemoryMiB, berths: [berths] });
};

const unshelve = <B extends Berths>(group: Group<B>, berths: B): void => {
  const row = rowOf(group, berths);
  const index = firstWithMemory(row, berths.freeMemoryMiB);
  const shelf = row[index];
  // Nearly always the first, and a shift is cheap however many follow.
  if (shelf?.berths[0] === berths) shelf.berths.shift();
  else shelf?.berths.splice(firstNamed(shelf, berths), 1);
  if (shelf?.berths.length === 0) row.splice(index, 1);
};

const matches = (group: Pick<Group<Berths>, 'size' | 'region'>, demand: Pick<Demand, 'size' | 'region'>): boolean =>
  (demand.size === undefined || group.size === demand.size) && (demand.region === undefined || group.region === demand.region);

interface Found<B> {
  readonly group: Group<B>;
  readonly berths: B;
}

/** The fewest free slots, then the least free memory, then the name. */
const bestFit = <B extends Berths>(groups: Iterable<Group<B>>, demand: Demand): Found<B> | undefined => {
  let best: Found<B> | undefined;
  for (const group of groups) {
    const berths = matches(group, demand) ? tightest(group, demand.memoryMiB) : undefined;
    if (berths && (!best || byFit(berths, best.berths) < 0)) best = { group, berths };
  }
  return best;
};

const tightest = <B extends Berths>({ shelves }: Group<B>, memoryMiB: number): B | undefined => {
  for (let free = 1; free < shelves.length; free++) {
    const row = shelves[free] ?? [];
    const berths = row[firstWithMemory(row, memoryMiB)]?.berths[0];
    if (berths) return berths;
  }
  return undefined;
};

const byFit = (a: Berths, b: Berths): number => a.freeSlots - b.freeSlots || a.freeMemoryMiB - b.freeMemoryMiB || byName(a, b);

const bySoonest = (a: Berths, b: Berths): number => b.freeMemoryMiB - a.freeMemoryMiB || b.freeSlots - a.freeSlots || byName(a, b);

const byName = (a: Berths, b: Berths): number => (a.name < b.name ? -1 : 1);

const firstWithMemory = (row: readonly Shelf<Berths>[], memoryMiB: number): number =>
  lowerBound(row, (shelf) => shelf.freeMemoryMiB >= memoryMiB);

const firstNamed = ({ berths }: Shelf<Berths>, { name }: Berths): number => lowerBound(berths, (other) => other.name >= name);

/** The first index for which `holds` is true, where it is false before and true after. */
const lowerBound = <T>(sorted: readonly T[], holds: (one: T) => boolean): number => {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const one = sorted[middle];
    if (one !== undefined && holds(one)) high = middle;
    else low = middle + 1;
  }
  return low;
};
