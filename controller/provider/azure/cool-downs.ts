// What is not tried again for a while, and why. Plain data: whoever holds it adds a block for each refusal, and forgets it with
// the process; what status.offerings says is taken over after a restart.
import type { VMPoolStatus } from '../../api/types.generated.ts';
import type { Candidate } from './candidates.ts';
import type { Asked, Verdict } from './classify-error.ts';
import type { Priority, Zone } from './settings.ts';
import type { SKUFacts } from './sku-facts.ts';

export interface Block {
  readonly scope: 'sku' | 'family' | 'zone' | 'price' | 'region' | 'provider';
  readonly region?: string;
  readonly zone?: Zone | undefined;
  readonly sku?: string;
  readonly family?: string | undefined;
  readonly vCPUs?: number | undefined;
  readonly priority?: Priority;
  /** In milliseconds since the epoch. */
  readonly until: number;
  readonly reason: 'QuotaExceeded' | 'SKUNotAvailable' | 'ProviderNotReady';
  readonly message: string;
}

export type Blocks = readonly Block[];

/** Undefined where the verdict blocks nothing. */
export const blockOf = (_verdict: Verdict, _asked: Asked, _now: number): Block | undefined => undefined;

/** Those still standing with one more; of two over the same things the longer one stands. */
export const addBlock = (blocks: Blocks, block: Block, now: number): Blocks => [...blocks.filter(({ until }) => until > now), block];

/** The one that keeps the candidate from being tried, the longest of several. */
export const blockFor = (_blocks: Blocks, _candidate: Candidate, _facts: SKUFacts, _now: number): Block | undefined => undefined;

/** After a restart. */
export const blocksOf = (_offerings: VMPoolStatus['offerings'], _now: number): Blocks => [];
