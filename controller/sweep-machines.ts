// Has each pool's provider delete what belongs to no VM object, regularly: what a crash between an effect and its record left.

import type { Clock } from './api/clock.ts';
import { errorMessage } from './api/error.ts';
import { isAbandoned } from './api/object.ts';
import type { VMPool } from './api/types.generated.ts';
import type { Informers } from './operator.ts';
import type { Providers } from './provider/providers.ts';
import type { Store } from './store/store.ts';

export interface MachineSweepOptions {
  readonly clock: Clock;
  /** In [0, 1): spreads controllers that started together. */
  readonly random: () => number;
  readonly informers: Informers;
  readonly store: Pick<Store, 'list'>;
  readonly providers: Providers;
  readonly everyMs: number;
  /** Whether this controller is the one to act. */
  readonly mayAct: () => boolean;
  readonly onError: (pool: { readonly namespace: string; readonly name: string }, message: string) => void;
}

/** Until the signal. Rounds do not overlap. */
export const sweepMachines = (options: MachineSweepOptions, signal: AbortSignal): void => {
  const { clock, random, everyMs } = options;
  let cancel = (): void => undefined;
  const arm = (): void => {
    cancel = clock.after(everyMs * (0.75 + random() / 2), () => {
      if (!signal.aborted) void sweepAll(options, signal).finally(arm);
    });
  };
  signal.addEventListener('abort', () => cancel(), { once: true });
  arm();
};

const sweepAll = async ({ informers, store, providers, mayAct, onError }: MachineSweepOptions, signal: AbortSignal): Promise<void> => {
  // What was made may have its object in a cache that is not filled yet.
  const pools = informers.VMPool.synced && mayAct() ? informers.VMPool.list().filter(deletesMachines) : [];
  const vmUIDs = async (): Promise<ReadonlySet<string>> => new Set((await store.list('VM')).map(({ metadata }) => metadata.uid));
  for (const pool of pools) {
    try {
      await providers.of(pool).sweep?.(pool, vmUIDs, signal);
    } catch (error) {
      onError(pool.metadata, errorMessage(error));
    }
  }
};

/** Also one that is being deleted: a machine that nobody knows of would keep its network, and so the pool, for ever. */
const deletesMachines = (pool: VMPool): boolean => pool.spec.deletionPolicy !== 'Retain' && !isAbandoned(pool);
