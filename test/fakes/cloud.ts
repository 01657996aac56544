// The simulated data centers: the machines that really exist, whatever any controller believes. Booting and deleting take
// time; some machines fail, never boot, vanish, are stopped or taken away, show another host key, or can't be reached.

import type { Runs } from './runs.ts';
import type { Timeline } from './timeline.ts';

/** What a machine was asked for with. */
export interface Order {
  readonly name: string;
  readonly group: string;
  readonly region: string;
  readonly sku: string;
  readonly vCPUs: number;
  readonly family: string;
  /** In 1/10,000 USD. */
  readonly hourly: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly vmUID: string;
  readonly vmName: string;
  /** As `namespace/name`. */
  readonly pool: string;
  readonly poolUID: string;
  /** What becomes of a Spot machine that is taken away; undefined for a regular one. */
  readonly eviction: 'Delete' | 'Deallocate' | undefined;
  /** The public key that its server was told to show. */
  readonly hostKey: string;
  /** When it turns itself off without a controller. */
  readonly deadMansSwitch: { readonly idleSeconds: number; readonly maxSeconds: number };
}

export interface CloudMachine extends Order {
  readonly id: string;
  /** On the simulation's wall clock. */
  readonly createdTime: Date;
  readonly runs: Runs;
  state: 'creating' | 'starting' | 'running' | 'stopped' | 'deallocated' | 'deleting' | 'failed' | 'gone';
  /** Its supervisor can be talked to, once booted and while the network lets one. */
  booted: boolean;
  unreachable: boolean;
  /** It could not be reached at some time: to fence it may have been right. */
  wasCutOff: boolean;
  /** Nobody of ours asked for its end. */
  wasEvicted: boolean;
  /** What its server shows: not always what it was told to. */
  shownKey: string;
  /** Each says whether a controller's heartbeats arrive now. */
  readonly hearts: Set<() => boolean>;
  /** When one last arrived, in milliseconds of the timeline. */
  heardAt: number;
  readonly watchers: Set<() => void>;
  /** How often it was started after it had been deallocated. */
  starts: number;
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
  /** The VM object must not have one yet. */
  create(order: Order): void;
  delete(vmUID: string): void;
  /** Only one that is deallocated; it has its disk, and ends as one that is made. */
  start(machine: CloudMachine): void;
  /** Azure takes it away, a moment after it says so. */
  evict(machine: CloudMachine): void;
  /** It is gone at once, with all that ran on it. */
  vanish(machine: CloudMachine): void;
  /** It exists, but nothing runs; a deallocated one costs nothing. */
  powerOff(machine: CloudMachine, to: 'stopped' | 'deallocated'): void;
  setUnreachable(machine: CloudMachine, isUnreachable: boolean): void;
  /** Somebody else answers in its place, or changed its key; undefined: its own again. */
  showKey(machine: CloudMachine, key: string | undefined): void;
}

export interface CloudParts {
  readonly timeline: Timeline;
  readonly fateOf: (order: Order) => Fate;
  readonly deleteMs: () => number;
  readonly runsOf: (machine: () => CloudMachine) => Runs;
  readonly changed: (machine: CloudMachine, what: string) => void;
}

export const createCloud = (parts: CloudParts): Cloud => {
  const { timeline } = parts;
  const machines: CloudMachine[] = [];
  const live = new Map<string, CloudMachine>();

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
  const end = (machine: CloudMachine, what: string): void => {
    if (machine.state === 'deleting') return;
    machine.state = 'deleting';
    machine.booted = false;
    machine.runs.powerOff();
    timeline.at(parts.deleteMs(), () => remove(machine, 'is gone'));
    changed(machine, what);
  };
  const boot = (machine: CloudMachine, from: 'creating' | 'starting', fate: Fate): void => {
    if (machine.state !== from || fate.end === 'stays creating') return;
    machine.state = fate.end === 'fails' ? 'failed' : 'running';
    machine.booted = fate.end === 'boots';
    machine.wasCutOff ||= from === 'starting' && !machine.booted;
    changed(machine, fate.end);
  };
  return {
    machines,
    existing: (pool) => [...live.values()].filter((machine) => pool === undefined || machine.pool === pool),
    byVM: (vmUID) => live.get(vmUID),
    create: (order) => {
      const fate = parts.fateOf(order);
      const machine: CloudMachine = {
        ...order,
        id: `machine-${machines.length + 1}`,
        createdTime: new Date(timeline.wall()),
        runs: parts.runsOf(() => machine),
        state: 'creating',
        booted: false,
        unreachable: false,
        wasCutOff: false,
        wasEvicted: false,
        shownKey: order.hostKey,
        hearts: new Set(),
        heardAt: 0,
        watchers: new Set(),
        starts: 0,
      };
      machines.push(machine);
      live.set(machine.vmUID, machine);
      timeline.at(fate.bootSeconds * 1000, () => boot(machine, 'creating', fate));
      changed(machine, `is being created as ${order.sku} in ${order.region}`);
    },
    delete: (vmUID) => {
      const machine = live.get(vmUID);
      if (machine) end(machine, 'is being deleted');
    },
    start: (machine) => {
      if (machine.state !== 'deallocated') return;
      const fate = parts.fateOf(machine);
      machine.state = 'starting';
      machine.starts += 1;
      timeline.at(fate.bootSeconds * 1000, () => boot(machine, 'starting', fate));
      changed(machine, 'is being STARTED');
    },
    evict: (machine) => {
      machine.wasEvicted = true;
      end(machine, 'is being EVICTED');
    },
    vanish: (machine) => remove(machine, 'VANISHED'),
    powerOff: (machine, to) => {
      machine.state = to;
      machine.booted = false;
      machine.runs.powerOff();
      changed(machine, to.toUpperCase());
    },
    setUnreachable: (machine, isUnreachable) => {
      machine.unreachable = isUnreachable;
      machine.wasCutOff ||= isUnreachable;
      changed(machine, isUnreachable ? 'is UNREACHABLE' : 'is reachable again');
    },
    showKey: (machine, key) => {
      machine.shownKey = key ?? machine.hostKey;
      machine.wasCutOff ||= key !== undefined;
      changed(machine, key === undefined ? 'shows its own host key again' : 'shows ANOTHER HOST KEY');
    },
  };
};
