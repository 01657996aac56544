// Which providers there are, by the type a pool names. A new one is a folder here and a line in this list.
import type { Clock } from '../api/clock.ts';
import { stopAllRuns } from '../session/stop-all-runs.ts';
import { localShell } from '../shell/local.ts';
import { localProvider } from './local/local-provider.ts';
import type { ProviderModule } from './provider.ts';

export interface ProvidersOptions {
  /** Where machines of type Local lie. */
  readonly localRoot: string;
  readonly clock: Clock;
  /** The controller's own environment: commands on this machine get PATH, HOME and the like of it. */
  readonly environment: NodeJS.ProcessEnv;
}

export const createProviders = ({ localRoot, clock, environment }: ProvidersOptions): ReadonlyMap<ProviderModule['type'], ProviderModule> => {
  const shell = (home: string) => localShell({ BERTH_HOME: home }, environment);
  const modules = [localProvider({ root: localRoot, clock, shell, stopAll: stopAllRuns })];
  return new Map(modules.map((module) => [module.type, module]));
};
