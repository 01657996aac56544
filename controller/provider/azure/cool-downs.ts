// What is not tried again for a while, and why. Plain data: whoever holds it adds a block for each refusal; after a restart,
// what status.offerings says is taken over.
import { parseTime } from '../../api/clock.ts';
import type { VMPoolStatus } from '../../api/types.generated.ts';
import type { Offering } from '../provider.ts';
import type { Candidate } from './candidates.ts';
import type { Asked, Verdict } from './classify-error.ts';
import type { SKUFacts } from './sku-facts.ts';

/** What it names must match; what it leaves out may be anything. */
export interface Block {
  readonly scope: 'sku' | 'family' | 'price' | 'region' | 'provider';
  readonly region?: string;
  readonly zone?: Candidate['zone'];
  readonly priority?: Candidate['priority'];
  /** These and, where `minVCPUs` is set, their larger sisters. */
  readonly sku?: string;
  /** In lower case: Azure's lists do not agree on it. */
  readonly family?: string | undefined;
  readonly minVCPUs?: number | undefined;
  /** In milliseconds since the epoch. */
  readonly until: number;
  readonly reason: NonNullable<Offering['reason']>;
  readonly message: string;
}

export type Blocks = readonly Block[];

/** Undefined where the verdict blocks nothing. */
export const blockOf = ({ scope, coolDownMs, reason, message, quota }: Verdict, asked: Asked, now: number): Block | undefined => {
  if (scope === 'none') return undefined;
  return { scope, ...reach(scope, asked, quota?.limit), until: now + coolDownMs, reason: reasonOf(reason), message };
};

/** Those still standing, and this one; of two over the same things the longer one stands. */
export const addBlock = (blocks: Blocks, block: Block, now: number): Blocks => {
  const others = standing(blocks, now).filter((other) => !isSame(other, block));
  const same = standing(blocks, now).filter((other) => isSame(other, block));
  return [...others, [...same, block].reduce((longest, one) => (one.until > longest.until ? one : longest))];
};

/** Of those that keep the candidate from being tried, the one that stands longest. */
export const blockFor = (blocks: Blocks, candidate: Omit<Candidate, 'size'>, facts: SKUFacts, now: number): Block | undefined =>
  standing(blocks, now)
    .filter((block) => isHit(block, candidate, facts))
    .toSorted((a, b) => b.until - a.until)[0];

/** After a restart. What a login or the pool's settings were the reason for is found out again. */
export const blocksOf = (offerings: VMPoolStatus['offerings'], now: number): Blocks =>
  (offerings ?? []).flatMap(({ sku, region, available, reason, retryTime }): Block[] => {
    if (available || retryTime === undefined || (reason !== 'QuotaExceeded' && reason !== 'SKUNotAvailable')) return [];
    const until = parseTime(retryTime);
    const why = reason === 'QuotaExceeded' ? `Azure quota exceeded in region ${region} for ${sku}` : `Azure had no ${sku} in ${region}`;
    return until > now ? [{ scope: 'sku', sku: sku.toLowerCase(), region, until, reason, message: why }] : [];
  });

const standing = (blocks: Blocks, now: number): Blocks => blocks.filter(({ until }) => until > now);

type Reach = Pick<Block, 'region' | 'zone' | 'priority' | 'sku' | 'family' | 'minVCPUs'>;

const reach = (scope: Block['scope'], { region, zone, priority, sku, facts }: Asked, limit: number | undefined): Reach => {
  const family = facts.family?.toLowerCase();
  // Where there are no Spot machines there may be regular ones; without those there is no Spot capacity either.
  const paid = priority === 'Spot' ? { priority } : {};
  switch (scope) {
    case 'sku':
      // What does not fit a machine does not fit a larger one of its kind (karpenter does the same).
      return { region, ...(zone === undefined ? {} : { zone }), ...paid, sku: sku.toLowerCase(), family, minVCPUs: facts.vCPUs };
    case 'family':
      // With some quota left a smaller machine may fit.
      return { region, sku: sku.toLowerCase(), family, minVCPUs: limit === 0 ? 0 : facts.vCPUs };
    case 'price':
      return { region, priority };
    case 'region':
      return { region };
    case 'provider':
      return {};
  }
};

const isHit = (block: Block, { region, zone, priority, sku }: Omit<Candidate, 'size'>, facts: SKUFacts): boolean =>
  (block.region ?? region) === region &&
  (block.zone ?? zone) === zone &&
  (block.priority ?? priority) === priority &&
  (block.sku === undefined || block.sku === sku.toLowerCase() || isSister(block, facts));

const isSister = ({ family, minVCPUs }: Block, facts: SKUFacts): boolean =>
  family !== undefined && family === facts.family?.toLowerCase() && minVCPUs !== undefined && (facts.vCPUs ?? 0) >= minVCPUs;

const isSame = (a: Block, b: Block): boolean =>
  a.scope === b.scope &&
  a.region === b.region &&
  a.zone === b.zone &&
  a.priority === b.priority &&
  a.sku === b.sku &&
  a.family === b.family &&
  a.minVCPUs === b.minVCPUs;

const reasonOf = (reason: string): Block['reason'] =>
  reason === 'QuotaExceeded' || reason === 'SKUNotAvailable' ? reason : 'ProviderNotReady';
