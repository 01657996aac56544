// What a pool can be given now, one offering for each size, SKU and region, and which way of asking for a machine comes next:
// by Azure's list of SKUs, its counts of quotas, and what it refused a while ago.
import { parseTime, timestamp } from '../../api/clock.ts';
import { formatMoney } from '../../api/money.ts';
import type { Size } from '../../api/sizes.ts';
import type { Offering } from '../provider.ts';
import { type Candidate, candidatesOf } from './candidates.ts';
import { type Blocks, blockFor } from './cool-downs.ts';
import { quotaWords } from './error-words.ts';
import { hourlyPrice, type Prices, priceOf } from './prices.ts';
import { type InFlight, quotaRoom, type RegionUsages } from './quota-room.ts';
import type { AzureSettings } from './settings.ts';
import { builtInFacts, missingFacts, type RegionSKUs, type SKUFacts } from './sku-facts.ts';

/** All that is known of what could be had. What was not read yet is not there, and forbids nothing. */
export interface Market {
  readonly settings: AzureSettings;
  readonly sizes: readonly Size[];
  /** By region. */
  readonly skus: ReadonlyMap<string, RegionSKUs>;
  /** By region. */
  readonly usages: ReadonlyMap<string, RegionUsages>;
  /** Asked for since the usages of its region were read. */
  readonly inFlight: InFlight;
  readonly blocks: Blocks;
  /** Those that were read. */
  readonly prices: Prices;
  /** The pool has a budget: what costs nobody knows how much is not asked for. */
  readonly hasBudget: boolean;
  readonly now: number;
}

export const offeringsOf = (market: Market): readonly Offering[] => {
  const groups = Map.groupBy(candidatesOf(market.settings, market.sizes), ({ size, sku, region }) => `${size} ${sku} ${region}`);
  return [...groups.values()].flatMap((alike) => alike.slice(0, 1).map((first) => offeringOf(market, first, alike)));
};

/** The first that is left for a VM of this size, in this region where it names one. */
export const nextCandidate = (
  market: Market,
  wanted: { readonly size: string; readonly region?: string | undefined },
): Candidate | undefined =>
  candidatesOf(market.settings, market.sizes).find(
    (candidate) =>
      candidate.size === wanted.size &&
      (wanted.region ?? candidate.region) === candidate.region &&
      !(market.hasBudget && priceOf(market.prices, candidate) === undefined) &&
      obstacleOf(market, candidate) === undefined,
  );

/** Of a SKU in a region, from Azure's list where it was read. */
export const factsOf = ({ skus }: Pick<Market, 'skus'>, { sku, region }: Pick<Candidate, 'sku' | 'region'>): SKUFacts => {
  const list = skus.get(region);
  return list ? (list.get(sku.toLowerCase()) ?? missingFacts(sku)) : builtInFacts(sku);
};

type Obstacle = Pick<Offering, 'message' | 'retryTime'> & { readonly reason: NonNullable<Offering['reason']> };

const offeringOf = (market: Market, first: Candidate, alike: readonly Candidate[]): Offering => {
  const { size, sku, region } = first;
  const obstacles = alike.map((candidate) => obstacleOf(market, candidate));
  const open = alike.filter((_candidate, at) => obstacles[at] === undefined);
  const kind = { size, sku, region, ...pricesOf(market, open[0] ?? first, alike) };
  if (open.length > 0) return { ...kind, available: true, ...roomOf(market, open) };
  return { ...kind, available: false, ...firstToGo(obstacles.filter((obstacle) => obstacle !== undefined)) };
};

/** Of the one that is asked for first; and of the dearest, as any of them may be what it comes to. */
const pricesOf = ({ prices }: Market, next: Candidate, alike: readonly Candidate[]): Pick<Offering, 'hourlyUSD' | 'mostHourlyUSD'> => {
  const price = priceOf(prices, next);
  if (!price) return {};
  const hourly = hourlyPrice(price, next.priority);
  const most = Math.max(...alike.map(({ priority }) => hourlyPrice(price, priority)));
  return { hourlyUSD: formatMoney(hourly), ...(most > hourly ? { mostHourlyUSD: formatMoney(most) } : {}) };
};

/** Of several, the one that is over first: then there is something to be had again. */
const firstToGo = (obstacles: readonly Obstacle[]): Obstacle | undefined => obstacles.toSorted((a, b) => endOf(a) - endOf(b))[0];

/** What no waiting helps against never ends. */
const endOf = ({ retryTime }: Obstacle): number => (retryTime === undefined ? Number.MAX_SAFE_INTEGER : parseTime(retryTime));

/** Machines of all prices together; zones do not add to it. Nobody knows where one price has no known quota. */
const roomOf = (market: Market, open: readonly Candidate[]): Pick<Offering, 'room' | 'limit'> => {
  const byPrice = new Map(open.map((candidate) => [candidate.priority, candidate]));
  const rooms = [...byPrice.values()].map((candidate) => ({ candidate, room: roomFor(market, candidate) }));
  const known = rooms.flatMap(({ candidate, room }) => (room ? [{ candidate, ...room }] : []));
  const [first] = known;
  if (!first || known.length < rooms.length) return {};
  const { tightest, machines, candidate } = first;
  const taken = { ...tightest, usage: tightest.usage + machines * tightest.required };
  return { room: known.reduce((sum, room) => sum + room.machines, 0), limit: quotaWords(taken, candidate) };
};

const roomFor = (market: Market, candidate: Candidate) =>
  quotaRoom(candidate, factsOf(market, candidate), market.usages.get(candidate.region), market.inFlight);

/** Why it is not to be tried now. */
const obstacleOf = (market: Market, candidate: Candidate): Obstacle | undefined => {
  const facts = factsOf(market, candidate);
  const unfit = unfitness(market.settings, candidate, facts);
  if (unfit !== undefined) return { reason: 'SKUNotAvailable', message: unfit };
  const block = blockFor(market.blocks, candidate, facts, market.now);
  if (block) return { reason: block.reason, message: block.message, retryTime: timestamp(block.until) };
  const room = roomFor(market, candidate);
  if (!room || room.machines > 0) return undefined;
  return { reason: 'QuotaExceeded', message: quotaWords(room.tightest, candidate), retryTime: timestamp(room.nextReadAt) };
};

/** What no waiting helps against: Azure's list of SKUs against the pool's settings. */
const unfitness = ({ osDisk }: AzureSettings, { sku, region, zone, priority }: Candidate, facts: SKUFacts): string | undefined => {
  if (facts.restricted) return `Azure does not offer ${sku} in ${region} to this subscription; give the pool other SKUs or regions`;
  if (zone !== undefined && facts.zones && !facts.zones.includes(zone)) {
    const others = facts.zones.length > 0 ? `only in ${facts.zones.join(', ')}` : 'in no zone';
    return `Azure does not offer ${sku} in zone ${zone} of ${region} to this subscription (${others}); change the pool's zones`;
  }
  if (priority === 'Spot' && !facts.spot) return `${sku} is not to be had as a Spot machine`;
  if (osDisk.ephemeral && facts.ephemeral && !facts.ephemeral.some(({ sizeGiB }) => sizeGiB >= osDisk.sizeGiB)) {
    return `${sku} has no room for an ephemeral disk of ${osDisk.sizeGiB} GiB; give the pool other SKUs or a smaller disk`;
  }
  return undefined;
};
