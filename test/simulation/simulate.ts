// One seed from beginning to end: trouble for some hours, then peace, in which everything has to come to rest.
import { settle } from '../fakes/clock.ts';
import { createChecks } from './checks.ts';
import { createControllers } from './controllers.ts';
import type { Fault } from './faults.ts';
import { checkRest, isRoomAwaited } from './rest-checks.ts';
import { playScenario } from './scenario.ts';
import { TROUBLE_MS } from './setting.ts';
import { createWorld } from './world.ts';

export interface Result {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly faults: Readonly<Record<Fault, number>>;
  /** A number that any difference in what happened changes: the same seed always gives the same. */
  readonly fingerprint: string;
  readonly sessions: number;
  readonly machines: number;
  readonly steps: number;
  readonly story: readonly string[];
}

/** Everything must have come to rest by then: the longest session, question, back-off and timeout one after another. */
const PEACE_MS = 8 * 3600_000;
/** At rest is what changed nothing for longer than the longest of these: only then is nothing more to come. */
const REST_MS = 45 * 60_000;
/** Of the dead-man's switches, and the few minutes that they take. */
const LONGEST_SILENCE_MS = 3_600_000 + 5 * 60_000;
const GLANCE_MS = 5 * 60_000;
/** More than that is not slow, it is a loop. */
const MOST_STEPS = 100_000;

export const simulate = async (seed: number, options: { readonly told?: boolean } = {}): Promise<Result> => {
  const world = createWorld(seed, options.told ?? false);
  const checks = createChecks(world);
  const controllers = createControllers(world);
  const started = world.timeline.wall();
  let steps = 0;
  const runUntil = async (ms: number): Promise<void> => {
    for (let next = world.timeline.nextAt(); next !== undefined && next <= ms; next = world.timeline.nextAt()) {
      await world.timeline.step();
      checks.afterStep();
      if (checks.violations.length > 0) return;
      if (++steps > MOST_STEPS)
        return checks.violate(`it does not come to rest: ${MOST_STEPS} steps by ${world.timeline.elapsed() / 1000} s`);
    }
  };
  playScenario(world, controllers);
  controllers.start();
  await settle();
  await runUntil(TROUBLE_MS);
  let restSince = TROUBLE_MS;
  // A clock that was set back puts off by as much whatever is due at a time of day.
  const rest = REST_MS + Math.max(0, started - (world.timeline.wall() - world.timeline.elapsed()));
  for (let now = TROUBLE_MS, effects = -1; checks.violations.length === 0 && now - restSince < rest; now += GLANCE_MS) {
    if (controllers.effects() !== effects || isRoomAwaited(world)) restSince = now;
    effects = controllers.effects();
    if (now > TROUBLE_MS + PEACE_MS) checks.violate(`the operator still makes changes ${PEACE_MS / 3600_000} h after the last trouble`);
    await runUntil(now + GLANCE_MS);
  }
  if (checks.violations.length === 0) checkRest(world, checks.violate);
  // From here on there is no controller any more, and nothing may go on costing money for that.
  controllers.stayAway(Number.POSITIVE_INFINITY);
  if (checks.violations.length === 0) {
    await runUntil(world.timeline.elapsed() + LONGEST_SILENCE_MS);
    for (const { state, booted, vmName } of world.cloud.existing())
      if (state === 'running' && booted) checks.violate(`${vmName} goes on without a controller for ever`);
  }
  checks.atEnd();
  for (const crash of controllers.crashes) checks.violate(crash);
  return {
    seed,
    steps,
    violations: checks.violations,
    faults: world.faults.counts,
    fingerprint: `${steps} ${controllers.effects()} ${world.timeline.elapsed()} ${world.started.length}`,
    sessions: world.created('Session'),
    machines: world.cloud.machines.length,
    story: world.story.lines(),
  };
};
