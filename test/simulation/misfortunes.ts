// What befalls the controllers and the cloud on its own account, at drawn times, for drawn whiles.
import type { Random } from '../fakes/random.ts';
import { type Controllers, TROUBLE_MS } from './setting.ts';
import { REGIONS, type World } from './world.ts';

type Misfortune = (world: World, controllers: Controllers, random: Random) => void;

export const misfortunes = (world: World, controllers: Controllers, random: Random): void => {
  let strikes = 0;
  const strike = (most: number, misfortune: Misfortune): void => {
    const count = random.int(0, most);
    for (let i = 0; i < count; i++) {
      const inner = random.fork(`${strikes++}`);
      world.timeline.at(random.between(30_000, TROUBLE_MS * 0.98), () => misfortune(world, controllers, inner));
    }
  };
  strike(4, crash);
  strike(2, restart);
  strike(2, anotherController);
  if (random.chance(0.2)) strike(2, twoLeaders);
  strike(3, vanish);
  strike(1, powerOff);
  strike(4, cutOff);
  strike(2, fillRegion);
  strike(2, breakProvider);
  strike(2, fillLogStore);
  strike(1, jumpClock);
};

/** For a while, but never past the end of the trouble: the clearing up is done once. */
const until = (world: World, ms: number, end: () => void): void => {
  world.timeline.at(ms, () => world.faults.isActive() && end());
};

const crash: Misfortune = (world, controllers) => {
  world.faults.count('crash');
  controllers.kill('out of the blue');
};

const restart: Misfortune = (world, controllers) => {
  world.faults.count('gracefulRestart');
  controllers.restartGracefully();
};

const anotherController: Misfortune = (world, controllers, random) => {
  world.faults.count('fencedController');
  controllers.startAnother(random.between(5_000, 60_000), true);
};

/** What no lock and no lease allows; what costs money or runs a command must be harmless all the same. */
const twoLeaders: Misfortune = (world, controllers, random) => {
  world.faults.count('twoControllers');
  world.relax();
  controllers.startAnother(random.between(5_000, 200_000), false);
};

const runningMachine = (world: World, random: Random) => {
  const running = world.cloud.existing().filter((machine) => machine.state === 'running');
  return running[random.int(0, Math.max(0, running.length - 1))];
};

const vanish: Misfortune = (world, _controllers, random) => {
  const machine = runningMachine(world, random);
  if (!machine) return;
  world.faults.count('vmVanishes');
  world.cloud.vanish(machine);
};

const powerOff: Misfortune = (world, _controllers, random) => {
  const machine = runningMachine(world, random);
  if (!machine) return;
  world.faults.count('vmStops');
  world.cloud.powerOff(machine);
};

const cutOff: Misfortune = (world, _controllers, random) => {
  const machine = runningMachine(world, random);
  if (!machine || machine.unreachable) return;
  world.faults.count('vmUnreachable');
  world.cloud.setUnreachable(machine, true);
  until(world, 8_000 * 200 ** random.next(), () => machine.state !== 'gone' && world.cloud.setUnreachable(machine, false));
};

const fillRegion: Misfortune = (world, _controllers, random) => {
  const region = random.pick(REGIONS);
  world.faults.count('quota');
  world.story.tell(() => `  region ${region} is full`);
  world.cloud.fullRegions.add(region);
  until(world, random.between(60_000, 1200_000), () => world.cloud.fullRegions.delete(region));
};

const breakProvider: Misfortune = (world, controllers, random) => {
  const code = random.pick(['unavailable', 'denied'] as const);
  world.faults.count(code === 'denied' ? 'providerDenied' : 'providerDown');
  world.story.tell(() => `  the provider answers nothing but ${code}`);
  controllers.setProviderProblem(code);
  until(world, random.between(10_000, 400_000), () => controllers.setProviderProblem(undefined));
};

const fillLogStore: Misfortune = (world, _controllers, random) => {
  world.faults.count('logStoreFull');
  world.story.tell(() => '  the log store is full');
  world.logs.setFull(true);
  until(world, random.between(10_000, 400_000), () => world.logs.setFull(false));
};

const jumpClock: Misfortune = (world) => {
  world.faults.count('clockJump');
  world.story.tell(() => '  every clock jumps back an hour');
  world.timeline.jump(-3600_000);
};
