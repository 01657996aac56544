// The simulated cloud: the machines that really exist, whatever any controller believes. Creating is keyed by the VM
// object's uid; booting and deleting take time; some machines fail, never boot, vanish, or can't be reached for a while.

import { timestamp } from '../../controller/api/clock.ts';
import { OperatorError } from '../../controller/api/error.ts';
import { parseMoney } from '../../controller/api/money.ts';
import { keyString } from '../../controller/api/object.ts';
import type { VM, VMPool } from '../../controller/api/types.generated.ts';
import type { Machine, Offering } from '../../controller/provider/provider.ts';
import type { Runs } from './runs.ts';
import type { Timeline } from './timeline.ts';

export interface CloudMachine {
  readonly id: string;
  readonly vmUID: string;
  readonly vmName: string;
  readonly pool: string;
  readonly size: VM['spec']['size'];
  readonly region: string;
  readonly sku: string;
  readonly hourly: number;
  readonly createdTime: string;
  readonly runs: Runs;
  state: Machine['state'] | 'gone';
  /** Its supervisor can be talked to, once booted and while the network lets one. */
  booted: boolean;
  unreachable: boolean;
  /** It could not be reached at some time: to fence it may have been right. */
  wasCutOff: boolean;
  readonly watchers: Set<() => void>;
}

export interface Fate {
  readonly bootSeconds: number;
  readonly end: 'boots' | 'never boots' | 'stays creating' | 'fails';
}

export interface Cloud {
  /** Every machine there ever was. */
  readonly machines: readonly CloudMachine[];
  existing(pool?: string): readonly CloudMachine[];
  byVM(vmUID: string): CloudMachine | undefined;
  list(pool: VMPool): readonly Machine[];
  create(vm: VM, pool: VMPool): void;
  delete(vmUID: string): void;
  offerings(pool: VMPool): readonly Offering[];
  /** It is gone at once, with all that ran on it. */
  vanish(machine: CloudMachine): void;
  /** Deallocated: it exists, but nothing runs. */
  powerOff(machine: CloudMachine): void;
  setUnreachable(machine: CloudMachine, isUnreachable: boolean): void;
  /** Regions that refuse new machines. */
  readonly fullRegions: Set<string>;
}

export interface CloudParts {
  readonly timeline: Timeline;
  readonly regions: readonly string[];
  readonly fateOf: (vm: VM) => Fate;
  readonly deleteMs: () => number;
  readonly runsOf: (machine: () => CloudMachine) => Runs;
  /** The group of a pool that is no more is gone too: nothing can be made in it. */
  readonly poolExists: (pool: VMPool) => boolean;
  readonly changed: (machine: CloudMachine, what: string) => void;
}

const HOURLY = { s: '0.40', m: '0.55', l: '1.10', xl: '2.20' } as const;

export const createCloud = (parts: CloudParts): Cloud => {
  const { timeline } = parts;
  const machines: CloudMachine[] = [];
  const live = new Map<string, CloudMachine>();
  const fullRegions = new Set<string>();
  const open = new Map(parts.regions.map((region) => [region, offeringsIn(region, false)]));
  const full = new Map(parts.regions.map((region) => [region, offeringsIn(region, true)]));

  const changed = (machine: CloudMachine, what: string): void => {
    parts.changed(machine, what);
    for (const watcher of [...machine.watchers]) watcher();
  };
  const remove = (machine: CloudMachine, what: string): void => {
    if (machine.state === 'gone') return;
    machine.state = 'gone';
    machine.booted = false;
    live.delete(machine.vmUID);
    machine.runs.powerOff();
    changed(machine, what);
  };
  const boot = (machine: CloudMachine, fate: Fate): void => {
    if (machine.state !== 'creating' || fate.end === 'stays creating') return;
    machine.state = fate.end === 'fails' ? 'failed' : 'running';
    machine.booted = fate.end === 'boots';
    changed(machine, fate.end);
  };
  const create = (vm: VM, pool: VMPool): void => {
    if (live.has(vm.metadata.uid)) return;
    if (!parts.poolExists(pool)) throw new OperatorError('invalid', `cannot create ${vm.metadata.name}: its group is gone`);
    const offering = offeringsOf(pool).find(
      (offer) => offer.available && offer.size === vm.spec.size && (vm.spec.region === undefined || vm.spec.region === offer.region),
    );
    if (!offering) throw new OperatorError('quota', `cannot create ${vm.metadata.name}: no quota in any region it may be in`);
    const fate = parts.fateOf(vm);
    const machine: CloudMachine = {
      id: `machine-${machines.length + 1}`,
      vmUID: vm.metadata.uid,
      vmName: vm.metadata.name,
      pool: keyString(pool.metadata),
      size: vm.spec.size,
      region: offering.region,
      sku: offering.sku,
      hourly: parseMoney(offering.hourlyUSD ?? '0'),
      createdTime: timestamp(timeline.wall()),
      runs: parts.runsOf(() => machine),
      state: 'creating',
      booted: false,
      unreachable: false,
      wasCutOff: false,
      watchers: new Set(),
    };
    machines.push(machine);
    live.set(machine.vmUID, machine);
    timeline.at(fate.bootSeconds * 1000, () => boot(machine, fate));
    changed(machine, 'is being created');
  };
  const offeringsOf = (pool: VMPool): readonly Offering[] => {
    const offerings: Offering[] = [];
    for (const region of parts.regions) {
      const offered = (fullRegions.has(region) ? full : open).get(region);
      if (offered) for (const { name } of pool.spec.sizes) offerings.push(offered[name]);
    }
    return offerings;
  };

  return {
    machines,
    fullRegions,
    existing: (pool) => [...live.values()].filter((machine) => pool === undefined || machine.pool === pool),
    byVM: (vmUID) => live.get(vmUID),
    list: (pool) => [...live.values()].filter((machine) => machine.pool === keyString(pool.metadata)).map(view),
    create,
    offerings: offeringsOf,
    delete: (vmUID) => {
      const machine = live.get(vmUID);
      if (!machine || machine.state === 'deleting') return;
      machine.state = 'deleting';
      machine.booted = false;
      machine.runs.powerOff();
      timeline.at(parts.deleteMs(), () => remove(machine, 'is gone'));
      changed(machine, 'is being deleted');
    },
    vanish: (machine) => remove(machine, 'VANISHED'),
    powerOff: (machine) => {
      machine.state = 'stopped';
      machine.booted = false;
      machine.runs.powerOff();
      changed(machine, 'STOPPED');
    },
    setUnreachable: (machine, isUnreachable) => {
      machine.unreachable = isUnreachable;
      machine.wasCutOff ||= isUnreachable;
      changed(machine, isUnreachable ? 'is UNREACHABLE' : 'is reachable again');
    },
  };
};

const offeringsIn = (region: string, isFull: boolean): Readonly<Record<VM['spec']['size'], Offering>> => ({
  s: offeringIn(region, 's', isFull),
  m: offeringIn(region, 'm', isFull),
  l: offeringIn(region, 'l', isFull),
  xl: offeringIn(region, 'xl', isFull),
});

const offeringIn = (region: string, size: VM['spec']['size'], isFull: boolean): Offering => ({
  size,
  region,
  sku: `Sim_${size}`,
  hourlyUSD: HOURLY[size],
  available: !isFull,
  ...(isFull && { reason: 'QuotaExceeded' as const, message: `no quota in ${region}` }),
});

const view = (machine: CloudMachine): Machine => ({
  id: machine.id,
  vmUID: machine.vmUID,
  state: machine.state === 'gone' ? 'deleting' : machine.state,
  createdTime: machine.createdTime,
  sku: machine.sku,
  region: machine.region,
  hourlyUSD: String(machine.hourly / 10_000),
  ...(machine.state === 'running' && { address: `${machine.id}.sim` }),
});
