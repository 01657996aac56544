// Pools, and what a pool's reconciler sees of them.
import type { ObjectMeta } from '../../controller/api/object.ts';
import type { Session, VM, VMPool, VMPoolSpec, VMPoolStatus } from '../../controller/api/types.generated.ts';
import type { Offering } from '../../controller/provider/provider.ts';
import type { PoolObserved } from '../../controller/reconcilers/pool/model.ts';
import { metadata } from './metadata.ts';
import { NOW } from './time.ts';

export interface PoolOverrides {
  readonly meta?: Partial<ObjectMeta>;
  readonly spec?: Partial<VMPoolSpec>;
  readonly status?: VMPoolStatus;
}

/** Named default, of size l, held. */
export const pool = ({ meta, spec, status }: PoolOverrides = {}): VMPool => ({
  apiVersion: 'berth.dev/v1alpha1',
  kind: 'VMPool',
  metadata: metadata('default', meta),
  spec: { provider: { type: 'Local' }, sizes: [{ name: 'l' }], minVMs: 0, maxVMs: 10, ...spec },
  ...(status ? { status } : {}),
});

export const offering = (size: Offering['size'], overrides: Partial<Offering> = {}): Offering => ({
  size,
  sku: `Sim_${size}`,
  region: 'local',
  hourlyUSD: '1',
  available: true,
  ...overrides,
});

/** A pool that may have every size it names, at 1 USD an hour, and as many names as maxVMs leaves. */
export const poolWorld = (
  of: VMPool,
  world: { readonly sessions?: readonly Session[]; readonly vms?: readonly VM[] } & Partial<PoolObserved> = {},
): PoolObserved => {
  const vms = world.vms ?? [];
  const taken = new Set(vms.map(({ metadata: { name } }) => name));
  const names = Array.from({ length: (of.spec.maxVMs ?? 10) + vms.length }, (_, n) => `default-${n}`).filter((name) => !taken.has(name));
  return {
    now: NOW,
    key: { namespace: 'default', name: 'default' },
    pool: of,
    sessions: [],
    reachable: new Set(vms.map(({ metadata: { uid } }) => uid)),
    freeNames: names.slice(0, Math.max(0, (of.spec.maxVMs ?? 10) - vms.length)),
    offerings: of.spec.sizes.map(({ name }) => offering(name)),
    logStoreHasSpace: true,
    missingSecrets: new Map(),
    countersDue: true,
    ...world,
    vms,
  };
};
