// Secrets of a namespace, for `berth secret`: values go in and never come out.
import { keyString, type ObjectKey } from '../../api/object.ts';
import type { Client } from '../client.ts';
import { readPages, secretPath } from './read.ts';
import { type Api, isStatus } from './request.ts';

interface Secret {
  readonly metadata: ObjectKey;
  readonly data?: Readonly<Record<string, string>>;
}

export const createSecrets = (api: Api, scope: string | undefined): Pick<Client, 'secrets' | 'setSecret' | 'deleteSecret'> => ({
  secrets: async () => {
    const path = scope === undefined ? '/api/v1/secrets' : `/api/v1/namespaces/${encodeURIComponent(scope)}/secrets`;
    const all = (await readPages(api, { doing: 'list secrets', path })) as readonly Secret[];
    return all.map(({ metadata, data = {} }) => ({ namespace: metadata.namespace, name: metadata.name, keys: Object.keys(data) }));
  },
  setSecret: async (key, data) => {
    const encoded = Object.fromEntries(Object.entries(data).map(([name, value]) => [name, Buffer.from(value).toString('base64')]));
    const query = { fieldManager: 'berth-cli' };
    const doing = `set secret ${keyString(key)}`;
    const body = { data: encoded };
    try {
      await api.send({ doing, method: 'PATCH', path: secretPath(key), query, type: 'application/merge-patch+json', body });
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
      const path = secretPath(key).slice(0, -(encodeURIComponent(key.name).length + 1));
      const secret = { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata: { ...key }, ...body };
      await api.send({ doing, method: 'POST', path, query, body: secret });
    }
  },
  deleteSecret: async (key) => {
    try {
      await api.send({ doing: `delete secret ${keyString(key)}`, method: 'DELETE', path: secretPath(key) });
      return true;
    } catch (error) {
      if (isStatus(error, 404)) return false;
      throw error;
    }
  },
});
