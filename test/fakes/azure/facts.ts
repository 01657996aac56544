// Sizes, prices, regions and versions, as far as they are known from public sources (fixtures/sizes.json names them).
import { readFileSync } from 'node:fs';

export interface Size {
  readonly name: string;
  readonly family: string;
  readonly vCPUs: number;
  readonly memoryGB: number;
  /** `V1,V2` or `V2`. */
  readonly generations: string;
  readonly diskControllers?: string;
  readonly ephemeralPlacements?: string;
  readonly usdPerHour: Readonly<Record<string, number>>;
}

const read: { readonly sizes: readonly Size[] } = JSON.parse(readFileSync(new URL('fixtures/sizes.json', import.meta.url), 'utf8'));
export const SIZES = read.sizes;
export const REGIONS: readonly string[] = [...new Set(SIZES.flatMap((size) => Object.keys(size.usdPerHour)))];
export const ZONES = ['1', '2', '3'];

export const sizeOf = (name: string): Size | undefined => SIZES.find((size) => size.name.toLowerCase() === name.toLowerCase());

/** Which versions of each provider's API the fake takes: those of the SDKs' releases and of the published specifications. */
const VERSIONS: Readonly<Record<string, readonly string[]>> = {
  'microsoft.compute': ['2026-04-01', '2026-03-01', '2025-04-01', '2024-07-01', '2021-11-01', '2026-03-02', '2025-01-02', '2021-07-01'],
  'microsoft.network': ['2026-01-01', '2025-05-01'],
  'microsoft.devtestlab': ['2018-09-15'],
  'microsoft.resources': ['2025-04-01'],
};

export const versionsOf = (namespace: string): readonly string[] => VERSIONS[namespace.toLowerCase()] ?? [];
