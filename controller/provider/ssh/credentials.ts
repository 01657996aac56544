// The key that logs in on a pool's hosts. A copy is kept in the state folder, as the store keeps secrets: what runs on a host
// must be stopped there also when the secret is gone.
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { errorReason } from '../../api/error.ts';
import type { VMPool } from '../../api/types.generated.ts';
import { type Credentials, type ReadSecret, readCredentials, SECRET_NOT_FOUND } from '../credentials.ts';

/** `kept`: the copy will do, as for a host that was taken before. */
export const hostCredentials = async (root: string, pool: VMPool, secret: ReadSecret, kept: boolean): Promise<Credentials> => {
  const { namespace, uid } = pool.metadata;
  const name = pool.spec.provider.ssh?.credentials.secretRef.name ?? '';
  const path = join(root, `${uid}.credentials`);
  try {
    const credentials = await readCredentials(secret, { namespace, name });
    await keep(root, path, JSON.stringify(credentials));
    return credentials;
  } catch (error) {
    const copy = kept && errorReason(error) === SECRET_NOT_FOUND ? await readFile(path, 'utf8').catch(() => undefined) : undefined;
    if (copy === undefined) throw error;
    return JSON.parse(copy);
  }
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
