// One manifest, applied by the server: it merges, validates and says who else owns what.
import { OperatorError } from '../../api/error.ts';
import { API_VERSION, type Kind, keyString, PLURALS } from '../../api/object.ts';
import type { Applied, Manifest } from '../client.ts';
import { readObject } from './read.ts';
import type { Api } from './request.ts';
import { objectOf, objectPath } from './resources.ts';

interface Document {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly metadata?: { readonly name?: unknown; readonly namespace?: unknown };
}

/** Throws `invalid` naming the manifest's origin, and `conflict` where somebody else manages a field that it sets to another value. */
export const applyManifest = async (api: Api, { document, origin }: Manifest, namespace: string): Promise<Applied> => {
  const { apiVersion, kind, metadata = {} } = (document ?? {}) as Document;
  if (apiVersion !== API_VERSION || !isKind(kind)) {
    throw new OperatorError(
      'invalid',
      `${origin}: ${String(apiVersion)} ${String(kind)} is no resource of Berth's: it has ${Object.keys(PLURALS).join(', ')}`,
    );
  }
  if (typeof metadata.name !== 'string') throw new OperatorError('invalid', `${origin}: metadata.name: Required value`);
  const key = { namespace: typeof metadata.namespace === 'string' ? metadata.namespace : namespace, name: metadata.name };
  const before = await readObject(api, kind, key);
  const { status: _, ...rest } = document as Readonly<Record<string, unknown>>;
  try {
    const answer = await api.send({
      doing: `apply ${kind} ${keyString(key)}`,
      method: 'PATCH',
      path: objectPath(kind, key),
      query: { fieldManager: 'berth-cli', fieldValidation: 'Strict' },
      type: 'application/apply-patch+yaml',
      body: { ...rest, metadata: { ...metadata, ...key } },
    });
    const { uid, resourceVersion } = objectOf(kind, answer).metadata;
    if (before?.metadata.uid !== uid) return { kind, key, change: 'created' };
    return { kind, key, change: before.metadata.resourceVersion === resourceVersion ? 'unchanged' : 'configured' };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    throw new OperatorError(error.code, `${origin}: ${error.message}`, { cause: error });
  }
};

const isKind = (kind: unknown): kind is Kind => typeof kind === 'string' && Object.hasOwn(PLURALS, kind);
