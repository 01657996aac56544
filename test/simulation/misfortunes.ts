// What befalls the controllers and the cloud on its own account, at drawn times, for drawn whiles.
import type { Random } from '../fakes/random.ts';
import { PROVIDER_MISFORTUNES } from './provider-misfortunes.ts';
import { type Controllers, type Misfortune, runningMachine, TROUBLE_MS, until } from './setting.ts';
import type { World } from './world.ts';

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
  strike(2, fillLogStore);
  strike(1, jumpClock);
  for (const [most, misfortune] of PROVIDER_MISFORTUNES) strike(most, misfortune);
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
  world.cloud.powerOff(machine, 'stopped');
};

const cutOff: Misfortune = (world, _controllers, random) => {
  const machine = runningMachine(world, random);
  if (!machine || machine.unreachable) return;
  world.faults.count('vmUnreachable');
  world.cloud.setUnreachable(machine, true);
  until(world, 8_000 * 200 ** random.next(), () => machine.state !== 'gone' && world.cloud.setUnreachable(machine, false));
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
