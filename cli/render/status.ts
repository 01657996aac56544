// `berth status`: the tutorial's picture of a pool and its JSON.

import { formatMoney, parseMoney } from '../../controller/api/money.ts';
import { DEFAULT_SESSION_MEMORY_MIB } from '../../controller/api/sizes.ts';
import type { Session, VM } from '../../controller/api/types.generated.ts';
import { isFinished, statusOf } from '../session.ts';
import { age } from './text.ts';

interface Seat {
  readonly vm: VM;
  readonly sessions: readonly Session[];
  readonly capacity: number;
  readonly available: number;
}

/** The tutorial's picture. Lines beyond it appear only where there is something to say; machine types and prices, where `wide`. */
export const statusPicture = (vms: readonly VM[], sessions: readonly Session[], now: number, wide = false): string => {
  const seats = seatsOf(vms, sessions);
  const capacity = total(seats, (seat) => seat.capacity);
  const available = total(seats, (seat) => seat.available);
  return [
    '=== Remote Session Pool Status ===',
    '',
    `VMs: ${vms.length} total`,
    ...seats.flatMap((seat) => [...vmLines(seat, now), ...(wide ? machineLines(seat.vm) : []), '']),
    ...(seats.length === 0 ? [''] : []),
    ...sessionLines(sessions),
    '',
    `Total Capacity: ${available}/${capacity} slots available${available === 0 && capacity > 0 ? ' (FULL)' : ''}`,
    ...(wide ? [`Total Price: $${formatMoney(total(vms, priceOf))}/h`] : []),
    '',
  ].join('\n');
};

const vmLines = ({ vm, sessions, capacity }: Seat, now: number): readonly string[] => {
  const state = stateOf(vm);
  const used = total(sessions, (session) => session.spec.memoryMiB ?? DEFAULT_SESSION_MEMORY_MIB);
  return [
    `  ${vm.metadata.name} (${vm.spec.size}, ${regionOf(vm)})`,
    ...(state === undefined ? [] : [`    State: ${state}`]),
    `    Sessions: ${sessions.length}/${capacity} (${percent(sessions.length, capacity)}% capacity)`,
    `    Memory: ${gigabytes(used)}/${gigabytes(vm.status?.memoryMiB ?? SIZE_MEMORY_MIB[vm.spec.size])} used`,
    `    Age: ${age(vm.status?.createdTime ?? vm.metadata.creationTimestamp, now)}`,
  ];
};

const machineLines = ({ status }: VM): readonly string[] => [
  ...(status?.sku === undefined ? [] : [`    Machine: ${status.sku}`]),
  `    Price: ${status?.hourlyUSD === undefined ? 'unknown' : `$${formatMoney(parseMoney(status.hourlyUSD))}/h`}`,
];

const sessionLines = (sessions: readonly Session[]): readonly string[] => {
  const count = (status: string): number => sessions.filter((session) => statusOf(session) === status).length;
  const [pending, killed] = [count('pending'), count('killed')];
  return [
    `Sessions: ${sessions.length} total`,
    ...(pending > 0 ? [`  Pending: ${pending}`] : []),
    `  Running: ${count('running')}`,
    `  Completed: ${count('completed')}`,
    `  Failed: ${count('failed')}`,
    ...(killed > 0 ? [`  Killed: ${killed}`] : []),
  ];
};

export interface StatusData {
  readonly total_vms: number;
  readonly total_capacity: number;
  readonly active_sessions: number;
  readonly available_capacity: number;
  readonly vms: readonly {
    readonly name: string;
    readonly size: string;
    readonly size_name: string;
    readonly region: string;
    readonly capacity: number;
    readonly active_sessions: number;
    readonly available_capacity: number;
    /** Decimal, in USD; absent where it is not known, and where nothing is to pay. */
    readonly hourly_usd?: string;
  }[];
}

export const statusJSON = (vms: readonly VM[], sessions: readonly Session[]): StatusData => {
  const seats = seatsOf(vms, sessions);
  return {
    total_vms: seats.length,
    total_capacity: total(seats, (seat) => seat.capacity),
    active_sessions: total(seats, (seat) => seat.sessions.length),
    available_capacity: total(seats, (seat) => seat.available),
    vms: seats.map(({ vm, sessions: seated, capacity, available }) => ({
      name: vm.metadata.name,
      size: vm.status?.sku ?? vm.spec.size,
      size_name: vm.spec.size,
      region: regionOf(vm),
      capacity,
      active_sessions: seated.length,
      available_capacity: available,
      ...(priceOf(vm) === 0 ? {} : { hourly_usd: formatMoney(priceOf(vm)) }),
    })),
  };
};

/** SPEC 2.4, for VMs whose status does not say. */
const SIZE_MEMORY_MIB = { s: 32_768, m: 65_536, l: 131_072, xl: 262_144 } as const;

const seatsOf = (vms: readonly VM[], sessions: readonly Session[]): readonly Seat[] =>
  [...vms].sort(byAge).map((vm) => {
    const seated = sessions.filter((session) => session.status?.vm?.uid === vm.metadata.uid && !isFinished(session));
    const capacity = vm.status?.slots ?? vm.spec.slots;
    return {
      vm,
      sessions: seated,
      capacity,
      available: stateOf(vm, 'booting counts') === undefined ? Math.max(0, capacity - seated.length) : 0,
    };
  });

const byAge = (a: VM, b: VM): number =>
  a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp) || collator.compare(a.metadata.name, b.metadata.name);

const collator = new Intl.Collator('en', { numeric: true });

/** What keeps a VM from taking sessions, in a word; undefined for an ordinary one. Booting slots count as capacity. */
const stateOf = (vm: VM, booting?: 'booting counts'): string | undefined => {
  const phase = vm.status?.phase ?? 'Creating';
  if (vm.metadata.deletionTimestamp !== undefined) return 'deleting';
  if (vm.spec.cordoned && (phase === 'Ready' || booting)) return 'cordoned';
  if (phase === 'Ready' || (booting && (phase === 'Creating' || phase === 'Booting'))) return undefined;
  return phase.toLowerCase();
};

/** In 1/10,000 USD; what is not known counts as nothing. */
const priceOf = (vm: VM): number => parseMoney(vm.status?.hourlyUSD ?? '0');

const regionOf = (vm: VM): string => vm.status?.region ?? vm.spec.region ?? 'unknown';

const total = <T>(items: readonly T[], value: (item: T) => number): number => items.reduce((sum, item) => sum + value(item), 0);

const percent = (part: number, whole: number): number => (whole === 0 ? 0 : Math.round((100 * part) / whole));

const gigabytes = (mebibytes: number): string => `${Math.round((mebibytes / 1024) * 10) / 10}GB`;
