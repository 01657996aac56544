// The provider of each pool, opened once for each version of its settings.
import { OperatorError } from '../api/error.ts';
import type { VMPool } from '../api/types.generated.ts';
import type { Provider, ProviderModule } from './provider.ts';

export type ProviderModules = ReadonlyMap<ProviderModule['type'], ProviderModule>;

export interface Providers {
  /** Throws `invalid` for settings that can't work, `denied` for a type that is not to be had here. */
  of(pool: VMPool): Provider;
}

export const createProviders = (modules: ProviderModules): Providers => {
  const opened = new Map<string, { readonly generation: number; readonly provider: Provider }>();
  return {
    of: (pool) => {
      const { uid, generation } = pool.metadata;
      const known = opened.get(uid);
      if (known?.generation === generation) return known.provider;
      const { type } = pool.spec.provider;
      const module = modules.get(type);
      if (!module) throw new OperatorError('denied', `provider ${type} of pool ${pool.metadata.name} is not available in this controller`);
      const provider = module.open(pool);
      opened.set(uid, { generation, provider });
      return provider;
    },
  };
};
