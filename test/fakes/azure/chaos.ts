// Many small misfortunes from one seed: rules with a probability each, and machines that come to harm now and then.
import type { Azure } from './azure.ts';
import type { VirtualMachine } from './backing/backing.ts';
import { draw, type Fault, type Rule } from './faults.ts';
import { evict, powerDown, vanish } from './vm-power.ts';

/** Probabilities: of a request, or (the last three) of a machine within a minute. */
export interface ChaosProfile {
  readonly http5xx?: number;
  readonly dropBefore?: number;
  readonly dropAfter?: number;
  readonly truncateBody?: number;
  readonly throttle?: number;
  readonly syncError?: number;
  readonly asyncError?: number;
  readonly lostOperation?: number;
  readonly slowLro?: number;
  readonly evictions?: number;
  readonly vanishing?: number;
  readonly stops?: number;
}

export const MILD: ChaosProfile = {
  http5xx: 0.02,
  dropBefore: 0.01,
  dropAfter: 0.01,
  throttle: 0.01,
  syncError: 0.02,
  asyncError: 0.05,
  slowLro: 0.05,
};

const FAULTS: Readonly<Record<string, { readonly match: Rule['match']; readonly faults: readonly Fault[] }>> = {
  http5xx: {
    match: {},
    faults: [
      { kind: 'http5xx', status: 500 },
      { kind: 'http5xx', status: 503 },
    ],
  },
  dropBefore: { match: {}, faults: [{ kind: 'dropBefore' }] },
  dropAfter: { match: {}, faults: [{ kind: 'dropAfter' }] },
  truncateBody: { match: { method: 'GET' }, faults: [{ kind: 'truncateBody' }] },
  throttle: { match: {}, faults: [{ kind: 'throttle', retryAfter: 1 }] },
  syncError: {
    match: { method: 'PUT', type: 'Microsoft.Compute/virtualMachines' },
    faults: [
      { kind: 'syncError', id: 'conflicting_write' },
      { kind: 'syncError', id: 'sku_not_available' },
    ],
  },
  asyncError: {
    match: { method: 'PUT', type: 'Microsoft.Compute/virtualMachines' },
    faults: [
      { kind: 'asyncError', id: 'allocation_failed' },
      { kind: 'asyncError', id: 'overconstrained' },
    ],
  },
  lostOperation: { match: { type: 'Microsoft.Compute/virtualMachines' }, faults: [{ kind: 'lostOperation' }] },
  slowLro: { match: { type: 'Microsoft.Compute/virtualMachines' }, faults: [{ kind: 'slowLro', factor: 4 }] },
};

const STEP_MS = 1_000;

/** Replaces the rules there are. Without a profile: the end of it. */
export const startChaos = (azure: Azure, seed: number, profile: ChaosProfile, forMs: number): void => {
  const { faults } = azure.world;
  faults.seed = seed;
  faults.rules.length = 0;
  for (const [name, { match, faults: choices }] of Object.entries(FAULTS)) {
    const probability = (profile as Readonly<Record<string, number>>)[name];
    if (!probability) continue;
    for (const fault of choices) {
      const rule = { match: { ...match, probability: probability / choices.length }, fault };
      faults.rules.push({ ...rule, id: faults.rules.length + 1, seen: 0, fired: 0, since: azure.clock.now() });
    }
  }
  azure.world.chaos = { profile, until: azure.clock.now() + forMs };
  azure.after(STEP_MS, { kind: 'chaos' });
};

export const chaosEvent = (azure: Azure): void => {
  const { chaos, faults } = azure.world;
  if (!chaos) return;
  if (azure.clock.now() > chaos.until) {
    faults.rules.length = 0;
    delete azure.world.chaos;
    return;
  }
  const { evictions = 0, vanishing = 0, stops = 0 } = chaos.profile;
  const comes = (perMinute: number): boolean => perMinute > 0 && draw(faults) < (perMinute * STEP_MS) / 60_000;
  for (const resource of [...azure.world.resources.values()]) {
    const vm = resource.machine?.power === 'running' ? (resource as VirtualMachine) : undefined;
    if (!vm) continue;
    if (vm.machine.spot && comes(evictions)) evict(azure, vm.id);
    else if (comes(vanishing)) vanish(azure, vm, true);
    else if (comes(stops)) powerDown(azure, vm, 'stopped');
  }
  azure.after(STEP_MS, { kind: 'chaos' });
};
