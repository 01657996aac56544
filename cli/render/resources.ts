// `berth get`: rows for each kind, in the columns kubectl shows.

import { findCondition } from '../../controller/api/condition.ts';
import type { Kind, Kinds } from '../../controller/api/object.ts';
import type { Session, VM, VMPool } from '../../controller/api/types.generated.ts';
import { poolOf, promptOf, reasonOf, statusOf } from '../session.ts';
import { age, cut, oneLine, table } from './text.ts';

type Cell<T> = (object: T, now: number) => string | number | undefined;
interface ResourceColumn<T> {
  readonly title: string;
  readonly cell: Cell<T>;
  readonly wide?: true;
}

const SESSION: readonly ResourceColumn<Session>[] = [
  { title: 'NAME', cell: (session) => session.metadata.name },
  { title: 'VM', cell: (session) => session.status?.vm?.name },
  { title: 'STATUS', cell: statusOf },
  { title: 'AGE', cell: (session, now) => age(session.metadata.creationTimestamp, now) },
  { title: 'POOL', cell: poolOf, wide: true },
  { title: 'ATTEMPT', cell: (session) => session.status?.attempt, wide: true },
  { title: 'EXIT', cell: (session) => session.status?.exitCode, wide: true },
  { title: 'REASON', cell: (session) => reasonOf(session)?.reason, wide: true },
  { title: 'PROMPT', cell: (session) => session.status?.summary ?? cut(oneLine(promptOf(session)), 45) },
];

const VMPOOL: readonly ResourceColumn<VMPool>[] = [
  { title: 'NAME', cell: (pool) => pool.metadata.name },
  { title: 'PROVIDER', cell: (pool) => pool.spec.provider.type },
  { title: 'VMS', cell: (pool) => pool.status?.vms ?? 0 },
  { title: 'MAX', cell: (pool) => pool.spec.maxVMs },
  { title: 'FREE', cell: (pool) => pool.status?.slots?.free ?? 0 },
  { title: 'PENDING', cell: (pool) => pool.status?.sessions?.pending ?? 0 },
  { title: 'RUNNING', cell: (pool) => pool.status?.sessions?.running ?? 0 },
  { title: 'READY', cell: (pool) => findCondition(pool.status?.conditions, 'Ready')?.status ?? 'Unknown' },
  { title: 'AGE', cell: (pool, now) => age(pool.metadata.creationTimestamp, now) },
  { title: 'HOURLY', cell: (pool) => pool.status?.hourlyUSD, wide: true },
  { title: 'PAUSED', cell: (pool) => String(pool.spec.paused ?? false), wide: true },
];

const MACHINE: readonly ResourceColumn<VM>[] = [
  { title: 'NAME', cell: (vm) => vm.metadata.name },
  { title: 'POOL', cell: (vm) => vm.spec.poolRef.name },
  { title: 'SIZE', cell: (vm) => vm.spec.size },
  { title: 'PHASE', cell: (vm) => `${vm.status?.phase ?? 'Creating'}${vm.spec.cordoned ? ',Cordoned' : ''}` },
  { title: 'SLOTS', cell: (vm) => vm.status?.slots ?? vm.spec.slots },
  { title: 'REGION', cell: (vm) => vm.status?.region ?? vm.spec.region },
  { title: 'AGE', cell: (vm, now) => age(vm.metadata.creationTimestamp, now) },
  { title: 'ADDRESS', cell: (vm) => vm.status?.address, wide: true },
  { title: 'SKU', cell: (vm) => vm.status?.sku, wide: true },
  { title: 'HOURLY', cell: (vm) => vm.status?.hourlyUSD, wide: true },
];

const COLUMNS: { readonly [K in Kind]: readonly ResourceColumn<Kinds[K]>[] } = { Session: SESSION, VMPool: VMPOOL, VM: MACHINE };

export interface ResourceTableOptions {
  readonly now: number;
  readonly wide: boolean;
  readonly allNamespaces: boolean;
}

export const resourceTable = <K extends Kind>(
  kind: K,
  objects: readonly Kinds[K][],
  { now, wide, allNamespaces }: ResourceTableOptions,
): string => {
  const columns = COLUMNS[kind].filter((column) => wide || column.wide === undefined);
  const titles = [...(allNamespaces ? ['NAMESPACE'] : []), ...columns.map(({ title }) => title)];
  const rows = objects.map((object) => [
    ...(allNamespaces ? [object.metadata.namespace] : []),
    ...columns.map(({ cell }) => String(cell(object, now) ?? '')),
  ]);
  return table(
    titles.map((title) => ({ title })),
    rows,
  );
};
