// Who the controller is to Azure: one way to log in, chosen and named. A chain that tries them all hides why the right one failed.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { errorMessage, OperatorError } from '../../api/error.ts';
import type { AzureSettings } from './settings.ts';

export type CredentialKind = AzureSettings['identity']['credential'];

export interface AzureLogin {
  /** The host that gives tokens; unset: Microsoft Entra's. */
  readonly authority?: string | undefined;
  /** The controller's, where AZURE_… tells who it is. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

type SDK = typeof import('./sdk.ts');

export const credentialOf = (
  kind: CredentialKind,
  { authority, environment, tlsOptions }: AzureLogin & { readonly tlsOptions?: { readonly ca: string } },
  sdk: Pick<SDK, 'AzureCliCredential' | 'EnvironmentCredential' | 'ManagedIdentityCredential' | 'WorkloadIdentityCredential'>,
) => {
  const options = {
    ...(authority === undefined ? {} : { authorityHost: authority, disableInstanceDiscovery: true }),
    ...(tlsOptions ? { tlsOptions } : {}),
  };
  switch (kind === 'auto' ? chosen(environment) : kind) {
    case 'workload':
      return new sdk.WorkloadIdentityCredential(options);
    case 'environment':
      return new sdk.EnvironmentCredential(options);
    case 'managed': {
      const clientID = environment.AZURE_CLIENT_ID;
      return new sdk.ManagedIdentityCredential(clientID === undefined ? {} : { clientId: clientID });
    }
    case 'cli':
      return new sdk.AzureCliCredential();
  }
};

/** What is set up, in the order in which it is meant: a cluster's, a service's, and on a laptop its user's. */
const chosen = (environment: AzureLogin['environment']): Exclude<CredentialKind, 'auto'> => {
  if (environment.AZURE_FEDERATED_TOKEN_FILE) return 'workload';
  if (environment.AZURE_CLIENT_SECRET || environment.AZURE_CLIENT_CERTIFICATE_PATH) return 'environment';
  if (environment.IDENTITY_ENDPOINT || environment.MSI_ENDPOINT) return 'managed';
  return 'cli';
};

/** Where the pool names none: that of AZURE_SUBSCRIPTION_ID, or of the Azure CLI's login. */
export const subscriptionOf = async ({ environment }: AzureLogin): Promise<string> => {
  if (environment.AZURE_SUBSCRIPTION_ID) return environment.AZURE_SUBSCRIPTION_ID;
  try {
    const { stdout } = await promisify(execFile)('az', ['account', 'show', '--query', 'id', '--output', 'tsv'], { timeout: 30_000 });
    return stdout.trim();
  } catch (cause) {
    const why =
      (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'the Azure CLI is not installed' : errorMessage(cause).trim().split('\n').at(-1);
    throw new OperatorError(
      'denied',
      `no Azure subscription is known (${why}): set azure.subscriptionId in the pool, or log in with "az login"`,
      { cause, reason: 'ProviderNotReady' },
    );
  }
};
