// Uncached reads: objects of ours, and secrets.
import { OperatorError } from '../../api/error.ts';
import { type Kind, type Kinds, keyString, type ObjectKey } from '../../api/object.ts';
import { type Api, type ApiRequest, isStatus } from './request.ts';
import { collectionPath, type ObjectList, objectOf, objectPath } from './resources.ts';

const PAGE = 500;

export const readObject = async <K extends Kind>(api: Api, kind: K, key: ObjectKey): Promise<Kinds[K] | undefined> => {
  const answer = await found(api, { doing: `read ${kind} ${keyString(key)}`, path: objectPath(kind, key) });
  return answer === undefined ? undefined : objectOf(kind, answer);
};

export const readAll = async <K extends Kind>(api: Api, kind: K, namespace?: string): Promise<readonly Kinds[K][]> => {
  const path = collectionPath(kind, namespace);
  const items = await readPages(api, { doing: `list ${kind} objects`, path }).catch((error: unknown) => {
    if (!isStatus(error, 404)) throw error;
    throw new OperatorError('unavailable', `the cluster ${api.server} has no ${kind} objects: install Berth's CRDs there`, {
      cause: error,
    });
  });
  return items.map((item) => objectOf(kind, item));
};

/** All items of a list, page by page. A `continue` that expired on the way begins anew. */
export const readPages = async (api: Api, request: ApiRequest): Promise<readonly unknown[]> => {
  const items: unknown[] = [];
  let next: string | undefined;
  do {
    const query = { ...request.query, limit: String(PAGE), continue: next };
    try {
      const page = await api.send<ObjectList>({ ...request, query });
      items.push(...(page.items ?? []));
      next = page.metadata.continue || undefined;
    } catch (error) {
      if (!isStatus(error, 410) || next === undefined) throw error;
      return readPages(api, request);
    }
  } while (next !== undefined);
  return items;
};

export const secretPath = ({ namespace, name }: ObjectKey): string =>
  `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`;

export const readSecret = async (api: Api, key: ObjectKey): Promise<Readonly<Record<string, string>> | undefined> => {
  const answer = await found(api, { doing: `read secret ${keyString(key)}`, path: secretPath(key) });
  if (answer === undefined) return undefined;
  const { data = {} } = answer as { readonly data?: Readonly<Record<string, string>> };
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, Buffer.from(value, 'base64').toString('utf8')]));
};

const found = async (api: Api, request: ApiRequest): Promise<unknown> => {
  try {
    return await api.send(request);
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
};
