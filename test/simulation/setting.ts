// What the parts of a scenario share: for how long it goes on, what it may do to the controllers, and how users create.
import { OperatorError } from '../../controller/api/error.ts';
import type { NewObject } from '../../controller/store/store.ts';
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
  /** Provider calls fail with this code until told otherwise. */
  setProviderProblem(code: 'unavailable' | 'denied' | undefined): void;
}

/** Creating through the database as a user does: what exists already stays. */
export const apply = <K extends 'Session' | 'VMPool'>(world: World, kind: K, object: NewObject<K>): void => {
  try {
    world.asWriter('user', () => world.database.create(kind, object));
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
  }
};
