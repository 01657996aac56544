// How far the slots are that `prime` asked for: what its live line says.
import { findCondition } from '../../controller/api/condition.ts';
import type { Session, VM, VMPoolStatus } from '../../controller/api/types.generated.ts';
import { isFinished } from '../session.ts';

export interface Primed {
  readonly slots: number;
  readonly size: string | undefined;
  readonly region: string | undefined;
}

export interface PrimeProgress {
  /** Free slots of VMs that are ready. */
  readonly ready: number;
  readonly text: string;
}

type Offerings = NonNullable<VMPoolStatus['offerings']>;

/** `vms` and `offerings` are those of the pool. */
export const primeProgress = (
  vms: readonly VM[],
  sessions: readonly Session[],
  { slots, size, region }: Primed,
  offerings: Offerings = [],
): PrimeProgress => {
  const fitting = vms.filter(({ spec, status }) => {
    const its = status?.region ?? spec.region;
    return spec.size === (size ?? spec.size) && (region === undefined || its === region);
  });
  const ready = fitting.filter(takesSessions).reduce((sum, vm) => sum + freeSlots(vm, sessions), 0);
  const coming = fitting.filter(({ status }) => ['Creating', 'Booting', undefined].includes(status?.phase)).map(comingText);
  const closed = coming.length > 0 || ready >= slots ? [] : offerings.filter((row) => region === undefined || row.region === region);
  const why = closed.filter(({ available }) => !available).map(closedText);
  return { ready, text: [`${Math.min(ready, slots)}/${slots} slots ready`, ...coming, ...why].join('; ') };
};

/** Of what a pool makes no VM of now: a VM that a quota refused is gone at once. */
const closedText = ({ sku, region, reason, retryTime }: Offerings[number]): string =>
  `no ${sku} in ${region} now (${reason ?? 'not offered'}${retryTime === undefined ? '' : `, next try ${retryTime}`})`;

const takesSessions = ({ spec, status }: VM): boolean => status?.phase === 'Ready' && spec.cordoned !== true;

const freeSlots = ({ metadata, spec, status }: VM, sessions: readonly Session[]): number => {
  const used = sessions.filter((session) => session.status?.vm?.uid === metadata.uid && !isFinished(session)).length;
  return Math.max(0, (status?.slots ?? spec.slots) - used);
};

const comingText = ({ metadata, spec, status }: VM): string => {
  const where = [status?.sku ?? spec.size, status?.region ?? spec.region].filter((part) => part !== undefined).join(', ');
  const ready = findCondition(status?.conditions, 'Ready');
  const refused = ready?.reason === 'QuotaExceeded' || ready?.reason === 'ProviderNotReady' ? `: ${ready.message}` : '';
  return `${metadata.name} ${(status?.phase ?? 'Creating').toLowerCase()} (${where})${refused}`;
};
