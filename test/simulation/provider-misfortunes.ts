// What befalls the cloud on its own account: quotas and capacity that run out, throttling, machines that are taken away,
// turned off or replaced by somebody else's, and controllers that stay away for longer than machines wait for them.
import type { Random } from '../fakes/random.ts';
import { FAMILIES } from './arm/market.ts';
import { type Misfortune, runningMachine, TROUBLE_MS, until } from './setting.ts';
import { REGIONS, type World } from './world.ts';

const exhaust = (quota: (random: Random) => string, fault: 'regionQuota' | 'familyQuota' | 'spotQuota'): Misfortune => {
  return (world, _controllers, random) => {
    const region = random.pick(REGIONS);
    const name = quota(random);
    world.faults.count(fault);
    world.story.tell(() => `  quota ${name} of region ${region} is used up`);
    world.azure.market.exhaust(region, name);
    returnRoom(world, region, random.between(60_000, 1200_000));
  };
};

const returnRoom = (world: World, region: string, afterMs: number): void =>
  until(world, afterMs, () => {
    world.story.tell(() => `  region ${region} has room again`);
    world.azure.market.restore(region);
  });

const sellOut: Misfortune = (world, _controllers, random) => {
  const name = random.pick(['Standard_D8s_v5', 'Standard_E8s_v5', 'Standard_E16as_v6', 'Standard_E32s_v5']);
  const region = random.pick(REGIONS);
  world.faults.count('noCapacity');
  world.story.tell(() => `  region ${region} has no capacity for ${name}`);
  world.azure.market.sellOut(region, name, 'AllocationFailed');
  returnRoom(world, region, random.between(60_000, 1200_000));
};

/** Of one family in one region alone: nobody asks again on that day, and every size has to be had all the same. */
const takeOffSale: Misfortune = (world) => {
  world.faults.count('skuNotAvailable');
  for (const name of ['Standard_D8s_v5', 'Standard_E8s_v5']) world.azure.market.sellOut(REGIONS[0], name, 'SkuNotAvailable');
};

const throttle: Misfortune = (world, _controllers, random) => {
  const region = random.pick([...REGIONS, '*']);
  const ms = random.between(20_000, 240_000);
  world.faults.count('throttled');
  world.story.tell(() => `  Azure throttles ${region} for ${ms / 1000} s`);
  world.azure.gate.throttle(region, ms);
};

const breakDown: Misfortune = (world, _controllers, random) => {
  const problem = random.pick(['unavailable', 'denied'] as const);
  world.faults.count(problem === 'denied' ? 'providerDenied' : 'providerDown');
  world.story.tell(() => `  Azure answers nothing but ${problem}`);
  world.azure.gate.setProblem(problem);
  until(world, random.between(10_000, 400_000), () => world.azure.gate.setProblem(undefined));
};

const evict: Misfortune = (world, _controllers, random) => {
  const machine = runningMachine(world, random, ({ eviction }) => eviction !== undefined);
  if (!machine) return;
  if (machine.eviction === 'Deallocate') {
    world.faults.count('spotEvicted');
    return world.cloud.powerOff(machine, 'deallocated');
  }
  if (random.chance(0.5)) {
    world.faults.count('spotEvicted');
    return world.cloud.vanish(machine);
  }
  world.faults.count('spotEvictedAfterNotice');
  world.cloud.evict(machine);
};

const deallocate: Misfortune = (world, _controllers, random) => {
  const machine = runningMachine(world, random);
  if (!machine) return;
  world.faults.count('vmDeallocated');
  world.cloud.powerOff(machine, 'deallocated');
};

/** The key of somebody who answers in its place. */
const STRANGER = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g';

const changeKey: Misfortune = (world, _controllers, random) => {
  const machine = runningMachine(world, random, ({ shownKey, hostKey }) => shownKey === hostKey);
  if (!machine) return;
  world.faults.count('hostKeyChanged');
  world.cloud.showKey(machine, STRANGER);
  until(world, 8_000 * 200 ** random.next(), () => machine.state !== 'gone' && world.cloud.showKey(machine, undefined));
};

const stayAway: Misfortune = (world, controllers, random) => {
  const left = TROUBLE_MS - world.timeline.elapsed();
  const ms = Math.min(left + 600_000, random.between(600_000, 7200_000));
  world.faults.count('controllersStayAway');
  world.story.tell(() => `  there is no controller for ${ms / 1000} s`);
  controllers.stayAway(ms);
};

/** How many of each there are at most. */
export const PROVIDER_MISFORTUNES: readonly (readonly [number, Misfortune])[] = [
  [2, exhaust(() => 'cores', 'regionQuota')],
  [3, exhaust((random) => random.pick(FAMILIES), 'familyQuota')],
  [1, exhaust(() => 'lowPriorityCores', 'spotQuota')],
  [4, sellOut],
  [1, takeOffSale],
  [2, throttle],
  [2, breakDown],
  [3, evict],
  [1, deallocate],
  [2, changeKey],
  [1, stayAway],
];
