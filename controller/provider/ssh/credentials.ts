// The key that logs in on a pool's hosts, read from its secret for each connection. A copy is kept in the state folder, as
// the store keeps secrets: what runs on a host must be stopped there also when the secret is gone.
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { OperatorError } from '../../api/error.ts';
import type { VMPool } from '../../api/types.generated.ts';

export interface Credentials {
  readonly privateKey: string;
  readonly passphrase?: string;
}

export type ReadSecret = (key: {
  readonly namespace: string;
  readonly name: string;
}) => Promise<Readonly<Record<string, string>> | undefined>;

/** `kept`: the copy will do, as for a host that was taken before. */
export const readCredentials = async (root: string, pool: VMPool, secret: ReadSecret, kept: boolean): Promise<Credentials> => {
  const { namespace, uid } = pool.metadata;
  const name = pool.spec.provider.ssh?.credentials.secretRef.name ?? '';
  const path = join(root, `${uid}.credentials`);
  const { 'ssh-privatekey': privateKey, passphrase } = (await secret({ namespace, name })) ?? {};
  if (privateKey === undefined) {
    const copy = kept ? await readFile(path, 'utf8').catch(() => undefined) : undefined;
    if (copy !== undefined) return JSON.parse(copy);
    throw new OperatorError(
      'denied',
      `secret ${name} in namespace ${namespace} has no key ssh-privatekey: add it with "berth secret set ${name} ssh-privatekey"`,
      { reason: 'SecretNotFound' },
    );
  }
  const credentials = { privateKey, ...(passphrase === undefined ? {} : { passphrase }) };
  await keep(root, path, JSON.stringify(credentials));
  return credentials;
};

const keep = async (root: string, path: string, text: string): Promise<void> => {
  if ((await readFile(path, 'utf8').catch(() => undefined)) === text) return;
  await mkdir(root, { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
};
