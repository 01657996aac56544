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

export interface Fleet {
  /** Takes a slot and its memory on the fullest VM that still fits; undefined when none does. */
  take(demand: Demand): Berths | undefined;
  /** Keeps the VM that will fit soonest away from everybody else, for a head that has waited too long. */
  reserve(demand: Demand): void;
  add(berths: Berths): void;
  freeSlots(matching: Pick<Demand, 'size' | 'region'>): number;
}

/** VMs of one size, region and number of free slots, ascending by free memory, then name. */
type Shelf = Berths[];
interface Group {
  readonly size: SizeName;
  readonly region: string | undefined;
  /** By the number of free slots. Sparse: methods of the array skip the holes, an index may meet one. */
  readonly shelves: Shelf[];
}

export const createFleet = (all: readonly Berths[]): Fleet => {
  const groups = new Map<string, Group>();
  const groupOf = ({ size, region }: Berths): Group => {
    const key = `${size} ${region ?? ''}`;
    const group = groups.get(key) ?? { size, region, shelves: [] };
    groups.set(key, group);
    return group;
  };
  const add = (berths: Berths): void => {
    const { shelves } = groupOf(berths);
    const shelf = shelves[berths.freeSlots] ?? [];
    shelves[berths.freeSlots] = shelf;
    shelf.splice(insertionPoint(shelf, berths), 0, berths);
  };
  for (const berths of all) add(berths);
  return {
    add,
    take: (demand) => {
      const found = bestFit(groups.values(), demand);
      if (!found) return undefined;
      const { berths, shelf, index } = found;
      shelf.splice(index, 1);
      berths.freeSlots -= 1;
      berths.freeMemoryMiB -= demand.memoryMiB;
      add(berths);
      return berths;
    },
    reserve: (demand) => {
      let soonest: Found | undefined;
      for (const shelf of [...groups.values()].filter((group) => matches(group, demand)).flatMap((group) => group.shelves)) {
        shelf.forEach((berths, index) => {
          if (berths.memoryMiB < demand.memoryMiB) return;
          if (!soonest || bySoonest(berths, soonest.berths) < 0) soonest = { berths, shelf, index };
        });
      }
      soonest?.shelf.splice(soonest.index, 1);
    },
    freeSlots: (demand) => {
      const matching = [...groups.values()].filter((group) => matches(group, demand));
      return matching.reduce((sum, { shelves }) => sum + shelves.reduce((free, shelf, slots) => free + shelf.length * slots, 0), 0);
    },
  };
};

const matches = (group: Group, demand: Pick<Demand, 'size' | 'region'>): boolean =>
  (demand.size === undefined || group.size === demand.size) && (demand.region === undefined || group.region === demand.region);

interface Found {
  readonly berths: Berths;
  readonly shelf: Shelf;
  readonly index: number;
}

/** The fewest free slots, then the least free memory, then the name. */
const bestFit = (groups: Iterable<Group>, demand: Demand): Found | undefined => {
  let best: Found | undefined;
  for (const group of groups) {
    const found = matches(group, demand) ? tightest(group.shelves, demand.memoryMiB) : undefined;
    if (found && (!best || byFit(found.berths, best.berths) < 0)) best = found;
  }
  return best;
};

const tightest = (shelves: readonly Shelf[], memoryMiB: number): Found | undefined => {
  for (let free = 1; free < shelves.length; free++) {
    const shelf = shelves[free] ?? [];
    const index = lowerBound(shelf, (berths) => berths.freeMemoryMiB >= memoryMiB);
    const berths = shelf[index];
    if (berths) return { berths, shelf, index };
  }
  return undefined;
};

const byFit = (a: Berths, b: Berths): number => a.freeSlots - b.freeSlots || byTightness(a, b);

const byTightness = (a: Berths, b: Berths): number => a.freeMemoryMiB - b.freeMemoryMiB || (a.name < b.name ? -1 : 1);

const bySoonest = (a: Berths, b: Berths): number =>
  b.freeMemoryMiB - a.freeMemoryMiB || b.freeSlots - a.freeSlots || (a.name < b.name ? -1 : 1);

const insertionPoint = (shelf: Shelf, berths: Berths): number => lowerBound(shelf, (other) => byTightness(other, berths) > 0);

/** The first index for which `holds` is true, where it is false before and true after. */
const lowerBound = (shelf: Shelf, holds: (berths: Berths) => boolean): number => {
  let low = 0;
  let high = shelf.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const berths = shelf[middle];
    if (berths && holds(berths)) high = middle;
    else low = middle + 1;
  }
  return low;
};
