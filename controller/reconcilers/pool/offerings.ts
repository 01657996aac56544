// The offerings as status shows them, with the back-off after VMs that never became ready: 1 min doubling to 30 min for
// each SKU and region (SPEC 2.2). Kept in status, so that a restart does not restart a storm of creations.
import { parseTime, timestamp } from '../../api/clock.ts';
import { findCondition } from '../../api/condition.ts';
import { onceInARow } from '../../api/once.ts';
import type { VM, VMPoolStatus } from '../../api/types.generated.ts';
import type { Offering } from '../../provider/provider.ts';
import { wasBooted } from '../vm/facts.ts';
import type { PoolObserved } from './model.ts';

type Offerings = NonNullable<VMPoolStatus['offerings']>;
type Row = Offerings[number];

const FIRST_MS = 60_000;
const LONGEST_MS = 30 * 60_000;

export const offeringRows = onceInARow((observed: PoolObserved): Offerings => {
  const rows = new Map<string, Row>();
  for (const offering of observed.offerings) {
    const { region, available, reason, retryTime } = offering;
    const row = { sku: skuOf(offering), region, available, ...(reason ? { reason } : {}), ...(retryTime ? { retryTime } : {}) };
    const failure = available ? failureOf(observed, offering) : undefined;
    rows.set(offeringID(offering), failure ? { ...row, ...failure, available: parseTime(failure.retryTime) <= observed.now } : row);
  }
  return [...rows.values()];
});

/** What may be asked for now; a VM that failed in this very pass already counts. */
export const openOfferings = onceInARow((observed: PoolObserved): ReadonlySet<Offering> => {
  const open = new Set(
    offeringRows(observed)
      .filter((row) => row.available)
      .map(idOf),
  );
  return new Set(observed.offerings.filter((offering) => offering.available && open.has(offeringID(offering))));
});

/** One SKU in one region backs off as one. */
const idOf = ({ sku, region }: Pick<Row, 'sku' | 'region'>): string => `${sku} ${region}`;

const offeringID = (offering: Offering): string => idOf({ sku: skuOf(offering), region: offering.region });

/** Machines without a SKU, as on this machine, go by the name of their size. */
export const skuOf = ({ sku, size }: Pick<Offering, 'sku' | 'size'>): string => sku || size;

/** What is known of VMs that did not boot, as a row shows it. */
interface Failure {
  readonly reason: 'VMFailed';
  readonly retryTime: string;
  readonly failures: number;
}

/**
 * The failure of a VM made after the last known one doubles the back-off (those made with it failed for the same cause);
 * a VM made since that became ready ends it.
 */
const failureOf = (observed: PoolObserved, offering: Offering): Failure | undefined => {
  const known = knownFailure(observed, offering);
  const counted = known ? parseTime(known.retryTime) - backoff(known.failures) : 0;
  let recovered = 0;
  let failedAt = 0;
  for (const vm of observed.vms) {
    if (!mayBe(vm, offering)) continue;
    if (wasBooted(vm)) recovered = Math.max(recovered, madeAt(vm));
    else if (madeAt(vm) >= counted) failedAt = Math.max(failedAt, failureTime(vm));
  }
  if (failedAt > recovered) {
    const failures = (known?.failures ?? 0) + 1;
    return { reason: 'VMFailed', failures, retryTime: timestamp(failedAt + backoff(failures)) };
  }
  return recovered >= counted ? undefined : known;
};

const madeAt = ({ metadata }: VM): number => parseTime(metadata.creationTimestamp);

const knownFailure = ({ pool }: PoolObserved, offering: Offering): Failure | undefined => {
  const row = pool?.status?.offerings?.find(({ sku, region }) => sku === skuOf(offering) && region === offering.region);
  if (row?.reason !== 'VMFailed' || row.retryTime === undefined) return undefined;
  return { reason: 'VMFailed', retryTime: row.retryTime, failures: row.failures ?? 1 };
};

/** A VM that failed before its machine said where and as what it was made counts for all it may have been. */
const mayBe = ({ spec, status }: VM, offering: Offering): boolean =>
  (status?.sku === undefined ? spec.size === offering.size : status.sku === offering.sku) &&
  (status?.region ?? spec.region ?? offering.region) === offering.region;

/** 0 for none. */
const failureTime = ({ status }: VM): number => {
  const failed = findCondition(status?.conditions, 'Failed');
  return failed?.status === 'True' ? parseTime(failed.lastTransitionTime) : 0;
};

const backoff = (failures: number): number => Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS);
