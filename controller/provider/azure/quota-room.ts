// How many more machines of a SKU the quotas of a region allow, by Azure's own counts.
import type { Usage } from '@azure/arm-compute';
import type { Candidate } from './candidates.ts';
import type { QuotaNumbers } from './parse-quota.ts';
import type { SKUFacts } from './sku-facts.ts';

export interface RegionUsages {
  readonly counts: readonly Usage[];
  /** When they are read again, in milliseconds since the epoch. */
  readonly nextReadAt: number;
}

export interface QuotaRoom {
  readonly machines: number;
  /** Of the quota that allows the fewest. */
  readonly tightest: QuotaNumbers;
  /** When the counts are read again, in milliseconds since the epoch. */
  readonly nextReadAt: number;
}

/** What is asked for and not yet in the counts. */
export type InFlight = readonly { readonly region: string; readonly priority: Candidate['priority']; readonly facts: SKUFacts }[];

/** Undefined where nothing is known of a quota: then Azure itself has to say (fail open, as karpenter does). */
export const quotaRoom = (
  { region, priority }: Pick<Candidate, 'region' | 'priority'>,
  { vCPUs, family }: SKUFacts,
  usages: RegionUsages | undefined,
  inFlight: InFlight,
): QuotaRoom | undefined => {
  if (!usages || vCPUs === undefined) return undefined;
  const asked = inFlight.filter((one) => one.region === region && one.priority === priority);
  // Spot machines count against a quota of their own, and against no other.
  const quotas = priority === 'Spot' ? ['lowPriorityCores'] : ['cores', ...(family === undefined ? [] : [family])];
  const rooms = quotas.flatMap((name): QuotaRoom[] => {
    const found = usages.counts.find((usage) => sameName(usage.name.value, name));
    if (!found) return [];
    const ours = name === family ? asked.filter(({ facts }) => sameName(facts.family, name)) : asked;
    const usage = found.currentValue + ours.reduce((sum, { facts }) => sum + (facts.vCPUs ?? 0), 0);
    const machines = Math.max(0, Math.floor((found.limit - usage) / vCPUs));
    const quota = found.name.localizedValue ?? name;
    return [{ machines, tightest: { quota, region, limit: found.limit, usage, required: vCPUs }, nextReadAt: usages.nextReadAt }];
  });
  return rooms.toSorted((a, b) => a.machines - b.machines)[0];
};

/** The list of SKUs says `StandardDdsv6Family` where the list of usages says `standardDdsv6Family`. */
const sameName = (a: string | undefined, b: string): boolean => a?.toLowerCase() === b.toLowerCase();
