// What makes an installation one, across restarts and machines: a secret from which all keys of its machines are derived, and an
// id in the tags of all that is its own.
import { createHmac, randomBytes } from 'node:crypto';
import { OperatorError } from '../../api/error.ts';
import type { Installation } from './azure-pool.ts';

/** Keeps a text that is made once; whoever comes later gets the one that is there. */
export type Keep = (make: () => string) => Promise<string>;

const BYTES = 32;

export const openInstallation = (keep: Keep): (() => Promise<Installation>) => {
  let opened: Promise<Installation> | undefined;
  return () => {
    opened ??= keep(() => randomBytes(BYTES).toString('hex')).then(installationOf);
    opened.catch(() => {
      opened = undefined;
    });
    return opened;
  };
};

const installationOf = (text: string): Installation => {
  const secret = Buffer.from(text.trim(), 'hex');
  if (secret.length !== BYTES)
    throw new OperatorError('invalid', 'the secret of this installation is damaged: bring back the one it was made with');
  return { secret, id: createHmac('sha256', secret).update('installation-id').digest('hex').slice(0, 16) };
};
