// The numbers in Azure's refusal for quota.
import { regionName } from './settings.ts';

export interface QuotaNumbers {
  /** As Azure calls it: `standardESv5Family Cores`, `Total Regional Cores`. */
  readonly quota: string;
  /** Unset where Azure does not say. */
  readonly region: string | undefined;
  readonly limit: number;
  readonly usage: number;
  readonly required: number;
}

export const parseQuota = (message: string): QuotaNumbers | undefined => {
  const quota = /exceeding approved (?<quota>.+?) quota/i.exec(message)?.groups?.quota;
  const limit = numberAfter('Current Limit', message);
  const usage = numberAfter('Current Usage', message);
  const required = numberAfter('Additional Required', message);
  if (quota === undefined || limit === undefined || usage === undefined || required === undefined) return undefined;
  const region = /Location: (?<region>[\w ]+)/i.exec(message)?.groups?.region;
  return { quota, region: region === undefined ? undefined : regionName(region), limit, usage, required };
};

const numberAfter = (label: string, message: string): number | undefined => {
  const found = new RegExp(`${label}: *(\\d+)`, 'i').exec(message)?.[1];
  return found === undefined ? undefined : Number(found);
};
