// Every way in which a pool's machines could be asked for, in the pool's order of preference: sizes, then regions, then SKUs
// within the region, then a Spot machine before a regular one, then zones.
import type { Size, SizeName } from '../../api/sizes.ts';
import type { AzureSettings, Priority, Zone } from './settings.ts';

export interface Candidate {
  readonly size: SizeName;
  readonly sku: string;
  readonly region: string;
  readonly zone: Zone | undefined;
  readonly priority: Priority;
}

export const candidatesOf = (settings: AzureSettings, sizes: readonly Size[]): readonly Candidate[] => {
  const zones = settings.zones.length > 0 ? settings.zones : [undefined];
  // A Spot machine that is not to be had is replaced by a regular one, which costs at most the price that is reckoned with.
  const priorities: readonly Priority[] = settings.priority === 'Spot' ? ['Spot', 'Regular'] : ['Regular'];
  return sizes.flatMap(({ name: size, skus }) =>
    settings.regions.flatMap((region) =>
      skus.flatMap((sku) => priorities.flatMap((priority) => zones.map((zone): Candidate => ({ size, sku, region, zone, priority })))),
    ),
  );
};
