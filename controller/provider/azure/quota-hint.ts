// What people are told when nothing is left to be tried for a VM: Azure's refusal with its numbers, and where there is room.
import type { Offering } from '../provider.ts';

export interface QuotaHint {
  readonly error: string;
  /** Undefined where the pool has no room anywhere. */
  readonly hint: string | undefined;
}

export const quotaHint = (
  offerings: readonly Offering[],
  wanted: { readonly size?: string | undefined; readonly region?: string | undefined },
): QuotaHint => {
  const ofSize = offerings.filter(({ size }) => size === (wanted.size ?? size));
  const asked = ofSize.filter(({ region, available }) => region === (wanted.region ?? region) && !available);
  const refused = asked.find(({ reason }) => reason === 'QuotaExceeded') ?? asked[0];
  const region = refused?.region ?? wanted.region ?? offerings[0]?.region ?? 'unknown';
  return { error: refused?.message ?? `Azure quota exceeded in region ${region}`, hint: hintFor(offerings, ofSize) };
};

const hintFor = (offerings: readonly Offering[], ofSize: readonly Offering[]): string | undefined => {
  const elsewhere = ofSize.find(({ available }) => available);
  if (elsewhere) return `Try a different region with --region ${elsewhere.region}`;
  const other = offerings.find(({ available }) => available);
  return other && `Try a different size with --size ${other.size}`;
};
