// What can go wrong, how often, and how often it did. Every seed draws its own rates, some of them zero, so that rare
// combinations come up; over a run of seeds each fault must have fired.
import type { Random } from '../fakes/random.ts';

/** Chance at each opportunity, before the seed's own factor. */
const RATES = {
  crashBeforeCall: 0.002,
  crashAfterCall: 0.002,
  lateRequest: 0.5,
  lostResponse: 0.02,
  hungResponse: 0.008,
  failedCall: 0.02,
  deniedCall: 0.003,
  slowCall: 0.03,
  writeConflict: 0.02,
  staleCache: 0.03,
  frozenWatch: 0.002,
  duplicateEvent: 0.05,
  oldEvent: 0.02,
  relist: 0.003,
  vmNeverBoots: 0.06,
  vmFails: 0.04,
  slowBoot: 0.1,
  supervisorLost: 0.02,
  sourceFails: 0.03,
  launchFails: 0.03,
  ignoresTerm: 0.2,
} as const;

/** Begun by the scenario's script, which counts them. */
const SCRIPTED = [
  'crash',
  'gracefulRestart',
  'twoControllers',
  'fencedController',
  'vmVanishes',
  'vmStops',
  'vmUnreachable',
  'vmDeallocated',
  'hostKeyChanged',
  'spotEvicted',
  'spotEvictedAfterNotice',
  'regionQuota',
  'familyQuota',
  'spotQuota',
  'noCapacity',
  'skuNotAvailable',
  'throttled',
  'controllersStayAway',
  'deadMansSwitch',
  'startedForOutput',
  'providerDown',
  'providerDenied',
  'logStoreFull',
  'clockJump',
  'userEditsPool',
  'userDeletesPool',
  'userKills',
  'userDeletesSession',
  'userDeletesVM',
  'userCordons',
  'userSendsInput',
  'userChangesPriority',
  'userDeletesSecret',
] as const;

export type Fault = keyof typeof RATES | (typeof SCRIPTED)[number];
export const FAULTS: readonly Fault[] = [...(Object.keys(RATES) as (keyof typeof RATES)[]), ...SCRIPTED];

export interface Faults {
  /** Whether this fault strikes at this opportunity; counted when it does. Never after `stop`. */
  strikes(fault: keyof typeof RATES): boolean;
  count(fault: Fault): void;
  stop(): void;
  isActive(): boolean;
  readonly counts: Readonly<Record<Fault, number>>;
}

export const createFaults = (random: Random): Faults => {
  const counts = Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as Record<Fault, number>;
  const rates = Object.fromEntries(Object.entries(RATES).map(([fault, rate]) => [fault, rate * random.pick([0, 0.3, 1, 1, 3])]));
  let active = true;
  return {
    counts,
    isActive: () => active,
    stop: () => {
      active = false;
    },
    count: (fault) => {
      counts[fault] += 1;
    },
    strikes: (fault) => {
      if (!active || !random.chance(rates[fault] ?? 0)) return false;
      counts[fault] += 1;
      return true;
    },
  };
};
