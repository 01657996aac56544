// What is true in a simulation, outside every controller: the stored resources, the machines, what runs on them and
// what it wrote. All of it is drawn from the seed.
import type { Kind } from '../../controller/api/object.ts';
import type { VM } from '../../controller/api/types.generated.ts';
import type { LaunchSpec } from '../../controller/session/host.ts';
import { type Cloud, type CloudMachine, createCloud, type Fate } from '../fakes/cloud.ts';
import { createMemoryLogs, type MemoryLogs } from '../fakes/memory-log-store.ts';
import { createMemoryDatabase, type MemoryDatabase } from '../fakes/memory-store.ts';
import { createRandom, type Random } from '../fakes/random.ts';
import { type Behaviour, createRuns, type Run } from '../fakes/runs.ts';
import { createTimeline, type Timeline } from '../fakes/timeline.ts';
import { type ARM, createARM } from './arm/arm.ts';
import { createGate, type Gate } from './arm/gate.ts';
import { createMarket, type Market } from './arm/market.ts';
import type { Answer, Sent } from './arm/sdk.ts';
import { armSwitch } from './dead-mans-switch.ts';
import { createFaults, type Faults } from './faults.ts';
import type { Process } from './process.ts';
import { createStory, type Story } from './story.ts';

export interface StartedRun {
  readonly run: Run;
  readonly machine: CloudMachine;
}

/** Told of the requests of every controller. */
export interface RequestWatcher {
  sends(process: Process, request: Sent): void;
  answered(process: Process, request: Sent, answer: Answer): void;
}

export interface Azure {
  readonly arm: ARM;
  readonly market: Market;
  readonly gate: Gate;
  readonly watchers: RequestWatcher[];
}

export interface World {
  readonly random: Random;
  readonly timeline: Timeline;
  readonly faults: Faults;
  readonly story: Story;
  readonly database: MemoryDatabase;
  readonly cloud: Cloud;
  readonly azure: Azure;
  readonly logs: MemoryLogs;
  /** Whoever changes what was read throws. It takes a quarter of a seed's time, so it is so in a fourth of them. */
  readonly isFrozen: boolean;
  /** Every program that was ever started, oldest first. */
  readonly started: readonly StartedRun[];
  /** Every attempt that a VM ever took over, whether or not the program was started. */
  readonly launched: readonly StartedRun[];
  onStart(listener: (started: StartedRun) => void): void;
  /** A machine's dead-man's switch is about to deallocate it. */
  onSwitch(listener: (machine: CloudMachine, silentMs: number) => void): void;
  /** For how long there has been a controller, without one of them dying; in milliseconds. */
  attendedMs(): number;
  /** A controller came, or one died and left others or none. */
  attend(isThere: boolean): void;
  /** A controller reached the machine. */
  onContact(listener: (machine: CloudMachine) => void): void;
  contact(machine: CloudMachine): void;
  onMachine(listener: (machine: CloudMachine) => void): void;
  /** Names the writer while it writes, for the story and the checks. */
  asWriter<T>(name: string, write: () => T): T;
  writer(): string;
  /** Two leaders wrote at will: counts that rest on one writer may be off from now on. */
  relax(): void;
  isRelaxed(): boolean;
  /** How many objects of a kind there ever were. */
  created(kind: Kind): number;
}

export const REGIONS = ['westus3', 'eastus'] as const;
const EPOCH = Date.UTC(2026, 0, 5, 8);

export const createWorld = (seed: number, isTold: boolean): World => {
  const random = createRandom(seed);
  const timeline = createTimeline(EPOCH);
  const faults = createFaults(random.fork('faults'));
  const story = createStory(isTold, timeline.elapsed);
  const started: StartedRun[] = [];
  const launched: StartedRun[] = [];
  const startListeners: ((started: StartedRun) => void)[] = [];
  const machineListeners: ((machine: CloudMachine) => void)[] = [];
  const switchListeners: ((machine: CloudMachine, silentMs: number) => void)[] = [];
  const contactListeners: ((machine: CloudMachine) => void)[] = [];
  let objects = 0;
  let attendedSince = Number.POSITIVE_INFINITY;
  let writer = 'user';
  let relaxed = false;
  const isFrozen = seed % 4 === 1;
  const database = createMemoryDatabase({ now: timeline.wall, newUID: () => `uid-${++objects}`, freeze: isFrozen });
  const created = { Session: 0, VMPool: 0, VM: 0 };
  database.subscribe(({ kind, before }) => {
    if (!before) created[kind] += 1;
  });
  const runRandom = random.fork('runs');

  const runsOf = (machine: () => CloudMachine) =>
    createRuns({
      timeline,
      random: runRandom,
      behaviourOf: (spec) => behaviourOf(spec, faults, seed),
      launched: (run) => void launched.push({ run, machine: machine() }),
      started: (run) => {
        const begun = { run, machine: machine() };
        started.push(begun);
        story.tell(() => `  ${run.session.name} attempt ${run.attempt} STARTS on ${begun.machine.vmName} (${begun.machine.id})`);
        for (const listener of startListeners) listener(begun);
      },
      changed: (run) => {
        if (run.state === 'ended') story.tell(() => `  ${run.session.name} attempt ${run.attempt} ended: ${JSON.stringify(run.exit)}`);
        for (const watcher of [...machine().watchers]) watcher();
      },
    });
  const cloudRandom = random.fork('cloud');
  const cloud = createCloud({
    timeline,
    fateOf: () => fateOf(faults, cloudRandom),
    deleteMs: () => cloudRandom.between(2_000, 30_000),
    runsOf,
    changed: (machine, what) => {
      story.tell(() => `  ${machine.id} of ${machine.vmName} (${machine.vmUID}) ${what}`);
      if (machine.state === 'starting') faults.count('startedForOutput');
      if (what === 'boots') armSwitch(machine, { timeline, cloud, fires });
      for (const listener of machineListeners) listener(machine);
    },
  });
  const fires = (machine: CloudMachine, silentMs: number): void => {
    faults.count('deadMansSwitch');
    for (const listener of switchListeners) listener(machine, silentMs);
  };
  const market = createMarket(cloud.existing);
  const azure: Azure = { market, arm: createARM({ cloud, market }), gate: createGate(timeline, faults), watchers: [] };
  return {
    random,
    timeline,
    faults,
    story,
    database,
    cloud,
    azure,
    isFrozen,
    started,
    launched,
    logs: createMemoryLogs(),
    onStart: (listener) => void startListeners.push(listener),
    attendedMs: () => timeline.elapsed() - attendedSince,
    attend: (isThere) => {
      attendedSince = isThere ? timeline.elapsed() : Number.POSITIVE_INFINITY;
    },
    onContact: (listener) => void contactListeners.push(listener),
    contact: (machine) => {
      for (const listener of contactListeners) listener(machine);
    },
    onSwitch: (listener) => void switchListeners.push(listener),
    onMachine: (listener) => void machineListeners.push(listener),
    writer: () => writer,
    relax: () => {
      relaxed = true;
    },
    isRelaxed: () => relaxed,
    created: (kind) => created[kind],
    asWriter: (name, write) => {
      const before = writer;
      writer = name;
      try {
        return write();
      } finally {
        writer = before;
      }
    },
  };
};

const fateOf = (faults: Faults, random: Random): Fate => {
  const bootSeconds = faults.strikes('slowBoot') ? random.between(100, 400) : random.between(8, 60);
  if (faults.strikes('vmNeverBoots')) return { bootSeconds, end: random.pick(['never boots', 'stays creating']) };
  return { bootSeconds, end: faults.strikes('vmFails') ? 'fails' : 'boots' };
};

/** Each attempt has its own character, whatever was drawn before it, so that the story of one survives small changes. */
const behaviourOf = ({ session, attempt }: Pick<LaunchSpec, 'session' | 'attempt'>, faults: Faults, seed: number): Behaviour => {
  const random = createRandom(seed).fork(`${session.name}.${attempt}`);
  const bursts = random.int(1, 6);
  return {
    bursts,
    runSeconds: 8 * 150 ** random.next(),
    code: random.chance(0.7) ? 0 : random.int(1, 120),
    ignoresTerm: faults.strikes('ignoresTerm'),
    endsWellOnTerm: random.chance(0.2),
    preparation: faults.strikes('sourceFails') ? 'source' : faults.strikes('launchFails') ? 'launch' : 'ok',
    ...(random.chance(0.05) && { signal: random.pick([6, 9, 11]) }),
    ...(random.chance(0.12) && { asksAt: random.int(0, bursts - 1) }),
    ...(faults.strikes('supervisorLost') && { lostAt: random.int(0, bursts - 1) }),
  };
};

export const isLive = ({ run, machine }: StartedRun): boolean => run.state === 'running' && machine.state === 'running';

export const vmOf = (world: World, uid: string): VM | undefined => world.database.list('VM').find((vm) => vm.metadata.uid === uid);
