// The pools and sessions that people ask for, drawn from the seed.
import type { SessionSpec, VMPoolSpec } from '../../controller/api/types.generated.ts';
import type { Random } from '../fakes/random.ts';
import { SUBSCRIPTION } from './arm/arm.ts';
import { REGIONS } from './world.ts';

/** Two SKUs each: enough for one to stand in for the other. */
const SKUS = {
  s: ['Standard_D8s_v5', 'Standard_D8as_v6'],
  m: ['Standard_E8s_v5', 'Standard_E8as_v6'],
  l: ['Standard_E16s_v5', 'Standard_E16as_v6'],
  xl: ['Standard_E32s_v5', 'Standard_E32as_v6'],
} as const;

export const sizeOf = (name: keyof typeof SKUS): VMPoolSpec['sizes'][number] => ({ name, skus: SKUS[name] });

const SIZES: readonly [VMPoolSpec['sizes'], ...VMPoolSpec['sizes'][]] = [
  [sizeOf('l'), sizeOf('s')],
  [sizeOf('s'), sizeOf('m')],
  [{ ...sizeOf('m'), slots: 3 }, sizeOf('xl')],
];

export const poolSpec = (random: Random): VMPoolSpec => {
  const minVMs = random.pick([0, 0, 0, 1, 2]);
  return {
    provider: { type: 'Azure', azure: azureSpec(random) },
    sizes: random.pick(SIZES),
    minVMs,
    maxVMs: minVMs + random.int(3, 8),
    warmSlots: random.pick([0, 0, 0, 1, 4]),
    idleTimeoutSeconds: random.pick([30, 120, 600]),
    bootTimeoutSeconds: random.pick([90, 240]),
    unreachableTimeoutSeconds: random.pick([0, 60, 300, 900]),
    ...(random.chance(0.2) && { maxAgeSeconds: random.pick([600, 1800, 3600]) }),
    ...(random.chance(0.4) && { budget: { maxHourlyUSD: random.pick(['1.00', '3.30', '6.00']) } }),
  };
};

const azureSpec = (random: Random): NonNullable<VMPoolSpec['provider']['azure']> => ({
  regions: REGIONS,
  identity: { credential: 'managed', userAssignedId: SELF },
  deadMansSwitchSeconds: random.pick([600, 900, 3600]),
  deadMansSwitchMaxSeconds: 86_400,
  ...(random.chance(0.4) && { priority: 'Spot' as const, evictionPolicy: random.pick(['Delete', 'Deallocate']) }),
});

const SELF = `/subscriptions/${SUBSCRIPTION}/resourceGroups/identities/providers/Microsoft.ManagedIdentity/userAssignedIdentities/self`;

export const sessionSpec = (random: Random, prompt: string): SessionSpec => ({
  ...(random.chance(0.8) ? { prompt } : { command: ['make', 'test'] }),
  ...(random.chance(0.4) && { poolRef: { name: random.pick(['other', 'other', 'third']) } }),
  ...(random.chance(0.15) && { size: random.pick(['s', 'm', 'l', 'xl']) }),
  ...(random.chance(0.1) && { region: random.pick([...REGIONS, 'nowhere']) }),
  ...(random.chance(0.3) && { memoryMiB: random.pick([1024, 20_000, 40_000, 120_000]) }),
  ...(random.chance(0.2) && { priority: random.int(-2, 5) }),
  ...(random.chance(0.5) && { retryLimit: random.int(1, 3) }),
  ...(random.chance(0.3) && { activeDeadlineSeconds: random.int(20, 1200) }),
  ...(random.chance(0.1) && { env: [{ name: 'TOKEN', secretRef: { name: random.pick(['key', 'absent']), key: 'token' } }] }),
  ...(random.chance(0.15) && { ttlSecondsAfterFinished: random.int(0, 900) }),
});
