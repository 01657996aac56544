// What a pool can be given now, one offering for each size, SKU and region, and which way of asking comes next.
import type { Usage } from '@azure/arm-compute';
import type { Size } from '../../api/sizes.ts';
import type { Offering } from '../provider.ts';
import { type Candidate, candidatesOf } from './candidates.ts';
import type { Blocks } from './cool-downs.ts';
import type { AzureSettings } from './settings.ts';
import { builtInFacts, type RegionSKUs, type SKUFacts } from './sku-facts.ts';

/** All that is known of what could be had. What was not read yet is not there, and forbids nothing. */
export interface Market {
  readonly settings: AzureSettings;
  readonly sizes: readonly Size[];
  readonly skus: ReadonlyMap<string, RegionSKUs>;
  /** Azure's counts by region, as last read. */
  readonly usages: ReadonlyMap<string, readonly Usage[]>;
  /** Asked for since the counts of its region were read, so not in them. */
  readonly inFlight: readonly Candidate[];
  readonly blocks: Blocks;
  readonly now: number;
}

export interface AzureOffering extends Offering {
  /** How it may be asked for now, in order; empty where it is not available. */
  readonly candidates: readonly Candidate[];
}

export const offeringsOf = ({ settings, sizes }: Market): readonly AzureOffering[] =>
  candidatesOf(settings, sizes).map((candidate) => ({ ...candidate, available: true, candidates: [candidate] }));

/** The first that is left for a VM of this size, in this region where it names one. */
export const nextCandidate = (
  offerings: readonly AzureOffering[],
  { size, region }: { readonly size: string; readonly region?: string | undefined },
): Candidate | undefined =>
  offerings.find((offering) => offering.available && offering.size === size && (region ?? offering.region) === offering.region)
    ?.candidates[0];

/** Of a SKU in a region, from Azure's list where it was read. */
export const factsOf = (_market: Pick<Market, 'skus'>, { sku }: Pick<Candidate, 'sku' | 'region'>): SKUFacts => builtInFacts(sku);
