// Which new VMs to make: for sessions that fit nowhere, then for the floor of minVMs, warm and primed slots; as few as
// possible, never past maxVMs or the budget (SPEC 3.3), and why a session that gets none waits (SPEC 3.6).
import { parseTime } from '../../api/clock.ts';
import { formatMoney, parseMoney } from '../../api/money.ts';
import { poolSettings } from '../../api/settings.ts';
import { poolSizes, type Size } from '../../api/sizes.ts';
import type { Session, VM, VMPool } from '../../api/types.generated.ts';
import type { Offering } from '../../provider/provider.ts';
import type { VMState } from './classify.ts';
import { type Berths, createFleet, type Demand, type Fleet } from './fleet.ts';
import type { NewVM, PoolObserved, Wait } from './model.ts';
import { offeringRows, openOfferings, skuOf } from './offerings.ts';
import { classOf, type Pending } from './queue.ts';

export interface Growth {
  readonly newVMs: readonly { readonly vm: NewVM; readonly because: string }[];
  readonly waits: ReadonlyMap<Session, Wait>;
}

export interface Needs {
  readonly pool: VMPool;
  readonly observed: PoolObserved;
  readonly vms: readonly VMState[];
  readonly unplaced: readonly Pending[];
  /** What is free on VMs that exist, once this pass's placements are made. */
  readonly fleet: Pick<Fleet, 'freeSlots'>;
}

export const grow = (needs: Needs): Growth => {
  const tightest = pack(needs, needs.unplaced.toSorted(byDecreasingNeed(needs.pool)));
  const limited = [...tightest.waits.values()].some(({ reason }) => reason === 'PoolFull' || reason === 'BudgetExceeded');
  // Where a limit decides who gets a VM at all, the queue's order comes before tight packing.
  const packed = limited ? pack(needs, needs.unplaced) : tightest;
  return { newVMs: [...packed.newVMs, ...standby(needs, packed)], waits: packed.waits };
};

interface Packing extends Growth {
  readonly ledger: Ledger;
  readonly bins: Fleet;
}

const pack = (needs: Needs, order: readonly Pending[]): Packing => {
  const ledger = openLedger(needs);
  const bins = createFleet<Berths>([]);
  const newVMs: { vm: NewVM; because: string }[] = [];
  const waits = new Map<Session, Wait>();
  // What one session was refused, all later ones of its class are refused too: room and budget only shrink.
  const refused = new Map<string, Wait>();
  for (const pending of order) {
    const made = refused.get(classOf(pending)) ?? (bins.take(pending) ? undefined : makeVM(needs, ledger, pending));
    if (!made) continue;
    if ('reason' in made) {
      waits.set(pending.session, made);
      refused.set(classOf(pending), made);
      continue;
    }
    newVMs.push({ vm: made, because: `session ${pending.name} fits on no VM` });
    bins.add(binOf(made, newVMs.length));
    bins.take(pending);
  }
  return { newVMs, waits, ledger, bins };
};

/** VMs that no session asks for: minVMs, warmSlots, prime. */
const standby = (needs: Needs, { ledger, bins }: Packing): { vm: NewVM; because: string }[] => {
  const { pool, observed, vms, fleet } = needs;
  const made: { vm: NewVM; because: string }[] = [];
  const add = (demand: Demand, because: string): boolean => {
    const vm = makeVM(needs, ledger, demand);
    if ('reason' in vm) return false;
    made.push({ vm, because });
    bins.add(binOf(vm, 1_000_000 + made.length));
    return true;
  };
  const free = (of: Pick<Demand, 'size' | 'region'>): number => fleet.freeSlots(of) + bins.freeSlots(of);
  const any: Demand = { size: undefined, region: undefined, memoryMiB: 0 };
  const staying = vms.filter(({ bucket }) => bucket !== 'leaving' && bucket !== 'failed').length;
  const { minVMs, warmSlots } = poolSettings(pool.spec);
  while (staying + ledger.made() < minVMs && add(any, `fewer than minVMs (${minVMs})`));
  while (free(any) < warmSlots && add(any, `fewer than warmSlots (${warmSlots}) free`));
  const { prime } = pool.spec;
  if (!prime || parseTime(prime.untilTime) <= observed.now) return made;
  const primed: Demand = { size: prime.size, region: prime.region, memoryMiB: 0 };
  while (free(primed) < prime.slots && add(primed, `fewer than ${prime.slots} primed slots free until ${prime.untilTime}`));
  return made;
};

interface Ledger {
  /** Whether it may be asked for at all. */
  isOpen(offering: Offering): boolean;
  made(): number;
  /** Whether there is one more of a kind of which there are only so many. */
  hasRoom(offering: Offering): boolean;
  /** Books one more VM, which may cost as much as this; or says why it may not be. */
  book(offering: Offering, price: number | undefined): Wait | undefined;
}

const openLedger = ({ pool, vms, observed }: Needs): Ledger => {
  const { maxVMs } = poolSettings(pool.spec);
  const budget = pool.spec.budget && parseMoney(pool.spec.budget.maxHourlyUSD);
  const room = roomOf(vms, observed.offerings);
  const prices = budget === undefined ? [] : vms.map(({ vm }) => hourlyPrice(vm, observed.offerings));
  const dark = vms[prices.indexOf(undefined)];
  const unpriced = dark && priceUnknown(`its VM ${dark.vm.metadata.name}`);
  let made = 0;
  let spent = prices.reduce<number>((sum, price) => sum + (price ?? 0), 0);
  return {
    isOpen: (offering) => openOfferings(observed).has(offering),
    made: () => made,
    hasRoom: (offering) => (room.get(offering) ?? 1) > 0,
    book: (offering, price) => {
      if (vms.length + made >= maxVMs)
        return { reason: 'PoolFull', message: `all slots are taken and the pool has its maxVMs (${maxVMs})` };
      const refused = budget === undefined ? undefined : (unpriced ?? overBudget(budget, spent, price));
      if (refused) return refused;
      made += 1;
      spent += price ?? 0;
      const left = room.get(offering);
      if (left !== undefined) room.set(offering, left - 1);
      return undefined;
    },
  };
};

/** VMs whose machine is not known yet will take one each. */
const roomOf = (vms: readonly VMState[], offerings: readonly Offering[]): Map<Offering, number> => {
  const waiting = vms.filter(({ vm, bucket }) => bucket === 'booting' && vm.status?.providerID === undefined).map(({ vm }) => vm.spec);
  return new Map(
    offerings.flatMap((offering): [Offering, number][] => {
      const { room, size, slots } = offering;
      if (room === undefined) return [];
      const taking = waiting.filter((spec) => spec.size === size && spec.slots === (slots ?? spec.slots)).length;
      return [[offering, room - taking]];
    }),
  );
};

const overBudget = (budget: number, spent: number, price: number | undefined): Wait | undefined => {
  if (price === undefined) return priceUnknown('the VM it would take');
  if (spent + price <= budget) return undefined;
  const message = `one more VM (${formatMoney(price)} USD/h) would pass the pool's budget of ${formatMoney(budget)} USD/h`;
  return { reason: 'BudgetExceeded', message };
};

const priceUnknown = (what: string): Wait => ({
  reason: 'PriceUnknown',
  message: `the pool has a budget, and the price of ${what} is not known`,
});

/**
 * What its machine was said to cost, or what its kind costs now where that is more: prices change, and a status keeps the first.
 * Until a machine has said what it is, it counts with the dearest that it may be. Undefined where nobody knows that, as where the
 * pool had its size once.
 */
const hourlyPrice = ({ spec, status }: VM, offerings: readonly Offering[]): number | undefined => {
  const kind = offerings.filter(({ sku, region }) => sku === status?.sku && region === status.region);
  if (status?.hourlyUSD !== undefined) {
    return Math.max(parseMoney(status.hourlyUSD), ...kind.map(({ hourlyUSD }) => parseMoney(hourlyUSD ?? '0')));
  }
  const mayBe = status?.sku === undefined ? offerings.filter(({ size }) => size === spec.size) : kind;
  const prices = mayBe.flatMap((offering) => mostOf(offering) ?? []);
  return prices.length === 0 || prices.length < mayBe.length ? undefined : Math.max(...prices);
};

/** What a machine of it may come to cost. */
const mostOf = ({ hourlyUSD, mostHourlyUSD = hourlyUSD }: Offering): number | undefined =>
  mostHourlyUSD === undefined ? undefined : parseMoney(mostHourlyUSD);

/** The VM for a demand, booked; or the one reason why there is none. */
const makeVM = (needs: Needs, { isOpen, hasRoom, book }: Ledger, demand: Demand): NewVM | Wait => {
  const { observed } = needs;
  const sizes = poolSizes(needs.pool.spec).filter((size) => demand.size === undefined || size.name === demand.size);
  const size = sizes.find((candidate) => largestMemory(candidate, observed.offerings) >= demand.memoryMiB);
  if (!size) return { reason: 'NoMatchingSize', message: noSize(needs, sizes, demand) };
  const offered = observed.offerings.filter(
    (offering) => offering.size === size.name && (offering.memoryMiB ?? size.memoryMiB) >= demand.memoryMiB,
  );
  const inRegion = offered.filter((offering) => demand.region === undefined || offering.region === demand.region);
  if (inRegion.length === 0) {
    const regions = [...new Set(offered.map(({ region }) => region))].join(', ');
    return { reason: 'NoMatchingRegion', message: `the pool has no region ${demand.region ?? ''}; it has ${regions || 'none'}` };
  }
  const offering = inRegion.find((candidate) => isOpen(candidate) && hasRoom(candidate));
  const full = offering ? undefined : inRegion.filter(isOpen);
  if (full?.[0]) return noRoom(full, size);
  if (!offering) return refusal(inRegion, observed);
  const refused = book(offering, mostItCosts(offering, inRegion));
  if (refused) return refused;
  return {
    size: size.name,
    slots: offering.slots ?? size.slots,
    memoryMiB: offering.memoryMiB ?? size.memoryMiB,
    ...(demand.region === undefined ? {} : { region: demand.region }),
  };
};

/** Its provider may take another of that region: where this one is refused after all, or a better one is to be had again. */
const mostItCosts = ({ hourlyUSD, region }: Offering, offered: readonly Offering[]): number | undefined =>
  hourlyUSD === undefined ? undefined : Math.max(...offered.map((other) => (other.region === region ? (mostOf(other) ?? 0) : 0)));

const largestMemory = ({ name, memoryMiB }: Size, offerings: readonly Offering[]): number => {
  const offered = offerings.filter(({ size }) => size === name).map((offering) => offering.memoryMiB ?? memoryMiB);
  return offered.length > 0 ? Math.max(...offered) : memoryMiB;
};

const noSize = ({ pool, observed }: Needs, sizes: readonly Size[], demand: Demand): string => {
  const largest = Math.max(0, ...sizes.map((size) => largestMemory(size, observed.offerings)));
  return sizes.length === 0
    ? `the pool has no size ${demand.size}; it has ${pool.spec.sizes.map(({ name }) => name).join(', ')}`
    : `it needs ${demand.memoryMiB} MiB, and the largest VM it may use has ${largest} MiB`;
};

/** There are only so many: of the machines themselves, or by somebody's quota. */
const noRoom = (offerings: readonly Offering[], { name }: Size): Wait => {
  const limit = offerings.find((offering) => offering.limit !== undefined)?.limit;
  return limit === undefined
    ? { reason: 'PoolFull', message: `all slots are taken, and so are all machines of size ${name} that the pool has` }
    : { reason: 'QuotaExceeded', message: limit };
};

const refusal = (offerings: readonly Offering[], observed: PoolObserved): Wait => {
  const refused = offerings.find(({ available }) => !available);
  if (refused?.reason === 'ProviderNotReady')
    return { reason: 'ProviderNotReady', message: refused.message ?? 'the provider is not ready' };
  if (refused) return { reason: 'QuotaExceeded', message: refused.message ?? `no quota for ${skuOf(refused)} in region ${refused.region}` };
  const retryTimes = offeringRows(observed).flatMap(({ available, retryTime }) =>
    available || retryTime === undefined ? [] : [retryTime],
  );
  return {
    reason: 'VMFailed',
    message: `the last VM made for it did not become ready; the next is made at ${retryTimes.toSorted().join(' or ')}`,
  };
};

const binOf = (vm: NewVM, index: number): Berths => ({
  name: String(index).padStart(8, '0'),
  size: vm.size,
  region: vm.region,
  memoryMiB: vm.memoryMiB,
  freeSlots: vm.slots,
  freeMemoryMiB: vm.memoryMiB,
});

/** First-fit decreasing: who needs the largest VM first, then who needs the most memory; the sort is stable. */
const byDecreasingNeed = (pool: VMPool) => {
  const slots = new Map(poolSizes(pool.spec).map((size) => [size.name, size.slots]));
  const slotsOf = ({ size }: Demand): number => (size === undefined ? 0 : (slots.get(size) ?? 0));
  return (a: Pending, b: Pending): number => slotsOf(b) - slotsOf(a) || b.memoryMiB - a.memoryMiB;
};
