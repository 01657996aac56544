// What every part of the fake is handed: the world, its time, and the machines behind its virtual machines.
import type { Backing } from './backing/backing.ts';
import type { Clock } from './clock.ts';
import type { Plan } from './operations.ts';
import type { Place } from './path.ts';
import type { Event } from './timers.ts';
import type { Resource, World } from './world.ts';

export interface Azure {
  readonly world: World;
  readonly clock: Clock;
  readonly backing: Backing;
  readonly after: (ms: number, event: Event) => void;
  /** Machines whose backing is not up yet, by their vmId, and what happens when it is. */
  readonly booting: Map<string, Event[]>;
  /** What runs on machines because its time has come. */
  readonly running: Set<Promise<void>>;
}

/** One request, taken apart. */
export interface Call extends Place {
  readonly method: string;
  readonly url: URL;
  /** `https://host:port`, as the caller reached it. */
  readonly base: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: unknown;
  readonly query: (name: string) => string | undefined;
  /** Faults for the operation it begins. */
  readonly plan: Plan;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The operation that was begun, and what it is about: faults of long operations fasten here. */
  readonly operation?: string;
}

export type Handler = (azure: Azure, call: Call) => Answer | Promise<Answer>;

export const newest = (azure: Azure): number => ++azure.world.serial;

export const find = (azure: Azure, id: string): Resource | undefined => azure.world.resources.get(id.toLowerCase());
