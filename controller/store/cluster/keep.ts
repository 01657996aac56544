// A text of the installation's own, made once and kept as a Secret where the controller runs: it outlives every pod.
import { OperatorError } from '../../api/error.ts';
import { readSecret, secretPath } from './read.ts';
import { type Api, isStatus } from './request.ts';

const NAME = 'berth-installation';
const KEY = 'secret';

/** Of several that make it at once, one wins, and all get what that one made. */
export const keepInSecret =
  (api: Api, namespace: string) =>
  async (make: () => string): Promise<string> => {
    const key = { namespace, name: NAME };
    const known = await readSecret(api, key);
    if (known) return textOf(known, namespace);
    const path = secretPath(key).slice(0, -(NAME.length + 1));
    const data = { [KEY]: Buffer.from(make()).toString('base64') };
    const body = { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata: key, immutable: true, data };
    try {
      await api.send({ doing: `create secret ${namespace}/${NAME}`, method: 'POST', path, body });
    } catch (error) {
      if (!isStatus(error, 409)) throw error;
    }
    return textOf((await readSecret(api, key)) ?? {}, namespace);
  };

const textOf = (secret: Readonly<Record<string, string>>, namespace: string): string => {
  const text = secret[KEY];
  if (text !== undefined) return text;
  throw new OperatorError('invalid', `secret ${namespace}/${NAME} has no key ${KEY}: bring back the one that machines were made with`);
};
