// A serving certificate that somebody else makes and renews, cert-manager for one: files as in a mounted Secret of type
// kubernetes.io/tls, with the authority beside them.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, OperatorError } from '../api/error.ts';

export interface Serving {
  /** PEM: what signed the certificate, so that replicas know each other. */
  readonly authorities: string;
  readonly certificate: string;
  readonly key: string;
}

export const readMountedCertificate = async (folder: string): Promise<Serving> => {
  const read = (name: string): Promise<string> =>
    readFile(join(folder, name), 'utf8').catch((cause: unknown) => {
      throw new OperatorError('unavailable', `cannot read the serving certificate of the log API: ${errorMessage(cause)}`, { cause });
    });
  const [authorities, certificate, key] = await Promise.all([read('ca.crt'), read('tls.crt'), read('tls.key')]);
  return { authorities, certificate, key };
};
