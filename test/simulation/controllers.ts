// The controllers of one simulation: starts the operator on the world, replaces those that die, and runs two at once.
import { errorMessage } from '../../controller/api/error.ts';
import type { LogStore } from '../../controller/output/log-store.ts';
import { providerModule } from './arm/provider.ts';
import { createHosts } from './hosts.ts';
import { createProcess, type Process } from './process.ts';
import { runOperator } from './run-operator.ts';
import type { Controllers } from './setting.ts';
import { openStoreView } from './store-view.ts';
import type { World } from './world.ts';

export interface Fleet extends Controllers {
  start(): void;
  /** Calls with an effect that were made so far, by all of them. */
  effects(): number;
  readonly crashes: readonly string[];
}

/** A process that does not end by itself in this time is killed, as systemd and Kubernetes do. */
const STOP_MS = 90_000;

export const createControllers = (world: World): Fleet => {
  const random = world.random.fork('controllers');
  const running = new Set<Process>();
  const crashes: string[] = [];
  let count = 0;
  let effects = 0;
  let startsAt = 0;

  const start = (): void => {
    const process = createProcess({
      name: `controller-${++count}`,
      timeline: world.timeline,
      faults: world.faults,
      random: random.fork(`process ${count}`),
      story: world.story,
      affected: () => {
        effects += 1;
      },
      died: () => gone(process),
    });
    if (running.size === 0) world.attend(true);
    running.add(process);
    world.story.tell(() => `${process.name} starts`);
    void run(process);
  };
  const gone = (process: Process): void => {
    running.delete(process);
    world.attend(running.size > 0);
    const after = Math.max(random.between(200, 30_000), startsAt - world.timeline.elapsed());
    world.timeline.at(after, () => leaders().length === 0 && start());
  };
  const run = async (process: Process): Promise<void> => {
    try {
      await runOperator(partsOf(process));
      if (process.isAlive() && !process.signal.aborted) crashes.push(`${process.name} ended by itself`);
    } catch (error) {
      crashes.push(`${process.name} crashed: ${error instanceof Error ? error.stack : errorMessage(error)}`);
    }
    process.kill('at its end');
  };
  const partsOf = (process: Process) => ({
    process,
    store: openStoreView({ ...world, process, random: random.fork(`store of ${process.name}`), recorded: () => {} }),
    hosts: createHosts({ ...world, process, random: random.fork(`hosts of ${process.name}`) }),
    providers: new Map([['Azure' as const, providerModule(world, process)]]),
    logs: logStore(world, process),
    random: random.fork(`jitter of ${process.name}`).next,
    story: world.story,
    freeze: world.isFrozen,
  });
  const leaders = (): readonly Process[] => [...running].filter((process) => !process.isFenced());
  const oneOf = (processes: readonly Process[]): Process | undefined => processes[random.int(0, Math.max(0, processes.length - 1))];
  const any = (): Process | undefined => oneOf([...running]);

  return {
    start,
    crashes,
    effects: () => effects,
    kill: (why) => any()?.kill(why),
    restartGracefully: () => {
      const process = any();
      process?.stop();
      world.timeline.at(STOP_MS, () => process?.kill('as it did not stop in time'));
    },
    startAnother: (forMs, isFenced) => {
      if (startsAt > world.timeline.elapsed()) return;
      // One that was fenced before leaves its successor in office: that is who loses it now.
      const older = isFenced ? oneOf(leaders()) : any();
      if (isFenced) older?.fence();
      start();
      world.timeline.at(forMs, () => (isFenced ? older?.kill('fenced') : leaders().length > 1 && any()?.kill('one of two')));
    },
    stayAway: (ms) => {
      startsAt = world.timeline.elapsed() + ms;
      for (const process of [...running]) process.kill('and stays away');
    },
  };
};

const logStore = ({ logs }: World, process: Process): LogStore => ({
  begin: (run) => process.effect(`begins attempt ${run.attempt} in the log of ${run.name}`, () => logs.begin(run)),
  append: (log, offset, bytes) =>
    process.effect(`appends to the log of ${log.name}`, () => logs.append(log, offset, Buffer.from(bytes).toString('latin1'))),
  summary: (log) => process.read(`reads the log of ${log.name}`, () => logs.summary(log)),
  skip: (log, to) => process.effect(`skips in the log of ${log.name}`, () => logs.skip(log, to)),
  remove: (log) => process.effect(`removes the log of ${log.name}`, () => logs.remove(log)),
  hasSpace: () => process.read('asks for space', () => !logs.isFull()),
});
