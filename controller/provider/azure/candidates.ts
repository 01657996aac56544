// Every way in which a pool's machines could be asked for, in the pool's order of preference: sizes, then regions; within a
// region Spot machines of every SKU before regular ones, then SKUs, then zones.
import type { Size, SizeName } from '../../api/sizes.ts';
import type { AzureSettings, Priority, Zone } from './settings.ts';

export interface Candidate {
  readonly size: SizeName;
  readonly sku: string;
  readonly region: string;
  readonly zone: Zone | undefined;
  readonly priority: Priority;
}

type Where = Pick<AzureSettings, 'regions' | 'zones' | 'priority'>;

export const candidatesOf = ({ regions, zones, priority }: Where, sizes: readonly Size[]): readonly Candidate[] => {
  const places = zones.length > 0 ? zones : [undefined];
  // A Spot machine that is not to be had is replaced by a regular one: a budget reckons with its price until the machine is there.
  const priorities: readonly Priority[] = priority === 'Spot' ? ['Spot', 'Regular'] : ['Regular'];
  return sizes.flatMap(({ name: size, skus }) =>
    regions.flatMap((region) =>
      priorities.flatMap((paid) => skus.flatMap((sku) => places.map((zone): Candidate => ({ size, sku, region, zone, priority: paid })))),
    ),
  );
};
