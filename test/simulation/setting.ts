// What the parts of a scenario share: for how long it goes on, what it may do to the controllers, and how users create.
import { OperatorError } from '../../controller/api/error.ts';
import type { NewObject } from '../../controller/store/store.ts';
import type { CloudMachine } from '../fakes/cloud.ts';
import type { Random } from '../fakes/random.ts';
import type { World } from './world.ts';

/** For how long things go wrong. Short against real life, so that a seed is: what polls costs as much as time passes. */
export const TROUBLE_MS = 75 * 60_000;
export const NAMESPACE = 'default';

/** What the scenario may do to the controllers. */
export interface Controllers {
  kill(why: string): void;
  restartGracefully(): void;
  /** For a while two of them act; the older one is fenced, or both write at will. */
  startAnother(forMs: number, isFenced: boolean): void;
  /** All of them are killed, and none starts before this time is over. */
  stayAway(ms: number): void;
}

/** Creating through the database as a user does: what exists already stays. */
export const apply = <K extends 'Session' | 'VMPool'>(world: World, kind: K, object: NewObject<K>): void => {
  try {
    world.asWriter('user', () => world.database.create(kind, object));
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
  }
};

export type Misfortune = (world: World, controllers: Controllers, random: Random) => void;

/** For a while, but never past the end of the trouble: the clearing up is done once. */
export const until = (world: World, ms: number, end: () => void): void => {
  world.timeline.at(ms, () => world.faults.isActive() && end());
};

export const runningMachine = (
  world: World,
  random: Random,
  isMeant: (machine: CloudMachine) => boolean = () => true,
): CloudMachine | undefined => {
  const running = world.cloud.existing().filter((machine) => machine.state === 'running' && isMeant(machine));
  return running[random.int(0, Math.max(0, running.length - 1))];
};
