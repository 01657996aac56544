// The settings of a pool with their defaults: the schema fills them in, but not for a pool that was stored before the field was.
import { oncePer } from './once.ts';
import type { VMPoolSpec } from './types.generated.ts';

type PoolSettings = Required<
  Pick<VMPoolSpec, 'minVMs' | 'maxVMs' | 'warmSlots' | 'idleTimeoutSeconds' | 'bootTimeoutSeconds' | 'unreachableTimeoutSeconds'>
>;

const POOL_DEFAULTS: PoolSettings = {
  minVMs: 0,
  maxVMs: 10,
  warmSlots: 0,
  idleTimeoutSeconds: 1800,
  bootTimeoutSeconds: 900,
  unreachableTimeoutSeconds: 3600,
};

/** Of a VM whose pool is gone, what a pool would say that says nothing. */
export const poolSettings = (spec: VMPoolSpec | undefined): PoolSettings => (spec ? withDefaults(spec) : POOL_DEFAULTS);

const withDefaults = oncePer((spec: VMPoolSpec): PoolSettings => ({ ...POOL_DEFAULTS, ...spec }));
