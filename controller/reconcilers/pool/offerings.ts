// The offerings as status shows them, with the back-off after VMs that never became ready: 1 min doubling to 30 min for
// each SKU and region (SPEC 2.2). Kept in status, so that a restart does not restart a storm of creations.
import { parseTime, timestamp } from '../../api/clock.ts';
import type { VMPoolStatus } from '../../api/types.generated.ts';
import type { Offering } from '../../provider/provider.ts';
import { isFailed, wasBooted } from '../vm/facts.ts';
import type { PoolObserved } from './model.ts';

type Offerings = NonNullable<VMPoolStatus['offerings']>;
type Row = Offerings[number];

const FIRST_MS = 60_000;
const LONGEST_MS = 30 * 60_000;

export const offeringRows = (observed: PoolObserved): Offerings => {
  const rows = new Map<string, Row>();
  for (const offering of observed.offerings) {
    const { region, available, reason, retryTime } = offering;
    const sku = skuOf(offering);
    rows.set(`${sku} ${region}`, { sku, region, available, ...(reason ? { reason } : {}), ...(retryTime ? { retryTime } : {}) });
  }
  for (const [id, row] of rows) {
    const failure = failureOf(observed, row);
    if (failure && row.available) rows.set(id, { ...row, ...failure, available: parseTime(failure.retryTime) <= observed.now });
  }
  return [...rows.values()];
};

/** Machines without a SKU, as on this machine, go by the name of their size. */
export const skuOf = ({ sku, size }: Pick<Offering, 'sku' | 'size'>): string => sku || size;

/** A failed boot newer than the known back-off doubles it; a VM that became ready since ends it. */
const failureOf = (observed: PoolObserved, row: Row): { reason: string; retryTime: string; failures: number } | undefined => {
  const ours = observed.vms.filter(
    (vm) => (vm.status?.sku ?? vm.spec.size) === row.sku && (vm.status?.region ?? row.region) === row.region,
  );
  const known = observed.pool?.status?.offerings?.find(
    ({ sku, region, reason }) => sku === row.sku && region === row.region && reason === 'VMFailed',
  );
  const counted = known?.retryTime === undefined ? 0 : parseTime(known.retryTime) - backoff(known.failures ?? 1);
  const failedAt = Math.max(0, ...ours.filter((vm) => isFailed(vm) && !wasBooted(vm)).map((vm) => failureTime(vm.status?.conditions)));
  if (failedAt > counted) {
    const failures = (known?.failures ?? 0) + 1;
    return { reason: 'VMFailed', failures, retryTime: timestamp(failedAt + backoff(failures)) };
  }
  const recovered = ours.some((vm) => wasBooted(vm) && parseTime(vm.metadata.creationTimestamp) >= counted);
  return known?.retryTime === undefined || recovered
    ? undefined
    : { reason: 'VMFailed', failures: known.failures ?? 1, retryTime: known.retryTime };
};

const failureTime = (conditions: readonly { type: string; lastTransitionTime: string }[] | undefined): number =>
  parseTime(conditions?.find(({ type }) => type === 'Failed')?.lastTransitionTime ?? timestamp(0));

const backoff = (failures: number): number => Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS);
