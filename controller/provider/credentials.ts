// The login that a pool names for hosts that are not ours: a secret in the pool's own namespace, read for each connection.
import { OperatorError } from '../api/error.ts';

export interface Credentials {
  readonly privateKey: string;
  readonly passphrase?: string;
}

interface SecretKey {
  readonly namespace: string;
  readonly name: string;
}

export type ReadSecret = (key: SecretKey) => Promise<Readonly<Record<string, string>> | undefined>;

/** The `reason` of the error where there is none. */
export const SECRET_NOT_FOUND = 'SecretNotFound';

export const readCredentials = async (secret: ReadSecret, { namespace, name }: SecretKey): Promise<Credentials> => {
  const { 'ssh-privatekey': privateKey, passphrase } = (await secret({ namespace, name })) ?? {};
  if (privateKey !== undefined) return { privateKey, ...(passphrase === undefined ? {} : { passphrase }) };
  throw new OperatorError(
    'denied',
    `secret ${name} in namespace ${namespace} has no key ssh-privatekey: add it with "berth secret set ${name} ssh-privatekey"`,
    { reason: SECRET_NOT_FOUND },
  );
};
