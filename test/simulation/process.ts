// One incarnation of the controller as the world sees it: every call it makes passes here, where it may be delayed,
// refused, lost, or be the last thing the process does. A dead process's calls never return.
import type { Clock } from '../../controller/api/clock.ts';
import { OperatorError } from '../../controller/api/error.ts';
import type { Random } from '../fakes/random.ts';
import type { Timeline } from '../fakes/timeline.ts';
import type { Faults } from './faults.ts';
import type { Story } from './story.ts';

export interface Process {
  readonly name: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  isAlive(): boolean;
  /** A call that changes nothing. */
  read<T>(what: string, apply: () => T, signal?: AbortSignal): Promise<T>;
  /** A call with an effect on the world, which happens within `apply`. */
  effect<T>(what: string, apply: () => T, signal?: AbortSignal): Promise<T>;
  /** It lost the lease without noticing: what it begins from now on is refused, what is on its way still arrives. */
  fence(): void;
  isFenced(): boolean;
  /** SIGTERM: the controller ends by itself. */
  stop(): void;
  /** SIGKILL. */
  kill(why: string): void;
}

export interface ProcessParts {
  readonly name: string;
  readonly timeline: Timeline;
  readonly faults: Faults;
  readonly random: Random;
  readonly story: Story;
  /** After each call with an effect. */
  readonly affected: () => void;
  readonly died: (why: string) => void;
}

export const createProcess = (parts: ProcessParts): Process => {
  const { name, timeline, faults, random, story } = parts;
  const stopping = new AbortController();
  let alive = true;
  let fenced = false;
  const kill = (why: string): void => {
    if (!alive) return;
    alive = false;
    story.tell(() => `${name} DIED ${why}`);
    parts.died(why);
  };
  const call = async <T>(what: string, apply: () => T, isEffect: boolean, signal: AbortSignal | undefined): Promise<T> => {
    if (!alive) return never();
    if (isEffect && fenced) throw new OperatorError('denied', `${what}: this controller is not the leader any more (simulated)`);
    if (isEffect && faults.strikes('crashBeforeCall')) kill(`before ${what}`);
    if (!alive) return never();
    const delay = latency(faults, random);
    if (delay > 0) await sleep(timeline, delay);
    if (!alive) return late(what, apply, isEffect, parts);
    if (signal?.aborted) throw signal.reason;
    if (faults.strikes('failedCall')) throw new OperatorError('unavailable', `${what}: the other side is not available (simulated)`);
    const result = apply();
    if (!isEffect) return result;
    parts.affected();
    story.tell(() => `${name} ${what}`);
    if (faults.strikes('crashAfterCall')) kill(`after ${what}`);
    if (!alive) return never();
    const isHung = faults.strikes('hungResponse');
    if (isHung) await sleep(timeline, 30_000);
    if (!alive) return never();
    if (isHung || faults.strikes('lostResponse')) throw new OperatorError('unavailable', `${what}: the response was lost (simulated)`);
    return result;
  };
  return {
    name,
    kill,
    fence: () => {
      fenced = true;
    },
    isFenced: () => fenced,
    clock: timeline.clock(() => alive),
    signal: stopping.signal,
    isAlive: () => alive,
    read: (what, apply, signal) => call(what, apply, false, signal),
    effect: (what, apply, signal) => call(what, apply, true, signal),
    stop: () => stopping.abort(new Error('stopping')),
  };
};

/** The request was on its way when its sender died: it may still arrive. */
const late = <T>(what: string, apply: () => T, isEffect: boolean, { name, faults, story }: ProcessParts): Promise<T> => {
  if (isEffect && faults.strikes('lateRequest')) {
    story.tell(() => `${name} (dead) ${what}, late`);
    try {
      apply();
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
    }
  }
  return never();
};

const never = <T>(): Promise<T> => new Promise<T>(() => {});

/** Most calls take no simulated time, so that a seed stays cheap; some take long enough for others to come between. */
const latency = (faults: Faults, random: Random): number => {
  if (faults.strikes('slowCall')) return random.between(1_000, 30_000);
  return random.chance(0.1) ? random.between(5, 400) : 0;
};

const sleep = (timeline: Timeline, ms: number): Promise<void> =>
  new Promise((resolve) => {
    timeline.at(ms, resolve);
  });
