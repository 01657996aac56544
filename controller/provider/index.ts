// Which providers there are, by the type a pool names. A new one is a folder here and a line in this list.
import type { Clock } from '../api/clock.ts';
import type { Shell } from '../shell/shell.ts';
import type { AzureProviderOptions } from './azure/azure-provider.ts';
import { azureProvider } from './azure/azure-provider.ts';
import { localProvider } from './local/local-provider.ts';
import type { ProviderModules } from './providers.ts';
import type { SSHProviderOptions } from './ssh/ssh-provider.ts';
import { sshProvider } from './ssh/ssh-provider.ts';

export interface ProvidersOptions {
  readonly clock: Clock;
  readonly local: {
    /** Where its machines lie. */
    readonly root: string;
    /** The way in to a machine, which is a directory on this one (BERTH_HOME). */
    readonly shell: (home: string) => Shell;
    /** Ends everything that runs there, at once. */
    readonly stopAll: (shell: Shell) => Promise<void>;
  };
  readonly ssh: Omit<SSHProviderOptions, 'clock'>;
  readonly azure: Omit<AzureProviderOptions, 'clock'>;
}

export const providerModules = ({ clock, local, ssh, azure }: ProvidersOptions): ProviderModules => {
  const modules = [localProvider({ ...local, clock }), sshProvider({ ...ssh, clock }), azureProvider({ ...azure, clock })];
  return new Map(modules.map((module) => [module.type, module]));
};
