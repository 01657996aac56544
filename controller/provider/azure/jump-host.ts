// How to log in on the host through which the machines of a pool are reached, as the pool says now: its key or its login may be
// corrected while connections are tried.
import type { SSHLogin } from '../../shell/ssh-connection.ts';
import { type ReadSecret, readCredentials } from '../credentials.ts';
import type { AzurePool } from './azure-pool.ts';

/** Undefined where machines are reached directly. */
export const jumpLogin = async (
  { pool, settings }: Pick<AzurePool, 'pool' | 'settings'>,
  secret: ReadSecret,
): Promise<SSHLogin | undefined> => {
  const { jumpHost } = settings.network;
  if (!jumpHost) return undefined;
  const { address: host, port, user, hostKey, credentials } = jumpHost;
  const { namespace } = pool.metadata;
  return { host, port, user, hostKeys: [hostKey], ...(await readCredentials(secret, { namespace, ...credentials.secretRef })) };
};
