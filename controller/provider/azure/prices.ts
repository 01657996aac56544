// What a machine costs an hour: Linux, by what the Retail Prices API says now where that was read, by a table until then. The table
// is what it said on 2026-06-18 (Azure/karpenter-provider-azure, pkg/providers/pricing/zz_generated.pricing.go at 352646f). Left
// out: rows that have prices with a Windows licence mixed in (Dasv5, Easv5, B), and Intel v7, which stood 31 % above v6. What is in
// neither is not known.
import type { Candidate } from './candidates.ts';

/** Of a SKU in a region an hour, in 1/10,000 USD. There is none without `regular`: nobody would know what the SKU may come to cost. */
export interface Price {
  /** Pay as you go. */
  readonly regular: number;
  /** Of a Spot machine, where it is known. */
  readonly spot?: number;
}

/** What was read, by `priceKey`. */
export type Prices = ReadonlyMap<string, Price>;

/** Of which day the table is, for whoever is told that it stands in. */
export const TABLE_DATE = '2026-06-18';

export const priceKey = ({ sku, region }: Pick<Candidate, 'sku' | 'region'>): string => `${sku} ${region}`;

/** Undefined: not known. */
export const priceOf = (read: Prices, of: Pick<Candidate, 'sku' | 'region'>): Price | undefined => read.get(priceKey(of)) ?? tablePrice(of);

/**
 * In 1/10,000 USD. A Spot machine costs at most what a regular one does, as it is asked for without a maximum of its own; that is
 * its price while no more is known.
 */
export const hourlyPrice = ({ regular, spot = regular }: Price, priority: Candidate['priority']): number =>
  priority === 'Spot' ? Math.min(spot, regular) : regular;

const tablePrice = ({ sku, region }: Pick<Candidate, 'sku' | 'region'>): Price | undefined => {
  const regular = PRICES.get(sku)?.[REGIONS.indexOf(region)];
  return regular === undefined ? undefined : { regular };
};

const REGIONS: readonly string[] = [
  'eastus',
  'eastus2',
  'westus2',
  'westus3',
  'centralus',
  'southcentralus',
  'northeurope',
  'westeurope',
  'swedencentral',
];

const PRICES: ReadonlyMap<string, readonly number[]> = new Map([
  ['Standard_D8s_v3', [3840, 3840, 3840, 3840, 4400, 4400, 4280, 4800, 4080]],
  ['Standard_D8s_v5', [3840, 3840, 3840, 3840, 4340, 4610, 4280, 4600, 4080]],
  ['Standard_D8ds_v5', [4520, 4520, 4520, 4520, 5110, 5420, 5040, 5440, 4800]],
  ['Standard_D8s_v6', [4030, 4030, 4030, 4030, 4560, 4840, 4490, 4830, 4280]],
  ['Standard_D8as_v6', [3630, 3630, 3630, 3630, 4100, 4340, 4050, 4390, 3880]],
  ['Standard_D8ads_v6', [4560, 4560, 4560, 4560, 5160, 5460, 5100, 5520, 4880]],
  ['Standard_D8ds_v6', [4980, 4980, 4980, 4980, 5630, 5980, 5550, 5970, 5300]],
  ['Standard_D8as_v7', [3630, 3630, 3630, 3630, 3630, 4340, 4050, 4390, 3880]],
  ['Standard_D8ads_v7', [4560, 4560, 4560, 4560, 4560, 5460, 5100, 5520, 4880]],
  ['Standard_E8s_v5', [5040, 5040, 5040, 5040, 5700, 6050, 5640, 6080, 5360]],
  ['Standard_E16s_v5', [10080, 10080, 10080, 10080, 11390, 12100, 11280, 12160, 10720]],
  ['Standard_E32s_v5', [20160, 20160, 20160, 20160, 22780, 24190, 22560, 24320, 21440]],
  ['Standard_E8ds_v5', [5760, 5760, 5760, 5760, 6510, 6910, 6400, 6920, 6080]],
  ['Standard_E16ds_v5', [11520, 11520, 11520, 11520, 13020, 13820, 12800, 13840, 12160]],
  ['Standard_E32ds_v5', [23040, 23040, 23040, 23040, 26040, 27650, 25600, 27680, 24320]],
  ['Standard_E8s_v6', [5290, 5290, 5290, 5290, 5980, 6350, 5920, 6380, 5630]],
  ['Standard_E16s_v6', [10580, 10580, 10580, 10580, 11960, 12700, 11840, 12770, 11260]],
  ['Standard_E32s_v6', [21170, 21170, 21170, 21170, 23920, 25400, 23690, 25540, 22510]],
  ['Standard_E8as_v6', [4770, 4770, 4770, 4770, 5390, 5710, 5320, 5770, 5100]],
  ['Standard_E16as_v6', [9540, 9540, 9540, 9540, 10780, 11420, 10640, 11540, 10210]],
  ['Standard_E32as_v6', [19070, 19070, 19070, 19070, 21570, 22850, 21280, 23070, 20420]],
  ['Standard_E8as_v7', [4770, 4770, 4770, 4770, 4770, 5710, 5320, 5770, 5100]],
  ['Standard_E16as_v7', [9540, 9540, 9540, 9540, 9540, 11420, 10640, 11540, 10210]],
  ['Standard_E32as_v7', [19070, 19070, 19070, 19070, 19070, 22850, 21280, 23070, 20420]],
  ['Standard_D4s_v5', [1920, 1920, 1920, 1920, 2170, 2300, 2140, 2300, 2040]],
  ['Standard_D2s_v5', [960, 960, 960, 960, 1080, 1150, 1070, 1150, 1020]],
  ['Standard_F8s_v2', [3380, 3380, 3380, 3380, 4080, 4080, 3840, 3880, 3880]],
  ['Standard_D16s_v5', [7680, 7680, 7680, 7680, 8680, 9220, 8560, 9200, 8160]],
  ['Standard_D16s_v3', [7680, 7680, 7680, 7680, 8800, 8800, 8560, 9600, 8160]],
]);
