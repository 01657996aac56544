// The cluster as a store: what the reconcilers write becomes patches with preconditions, what they are told comes from
// watches. Never writes a spec but that of an object it creates.
import type { Clock } from '../../api/clock.ts';
import { OperatorError } from '../../api/error.ts';
import { API_VERSION, type Kind, type Kinds, keyString, type ObjectKey } from '../../api/object.ts';
import type { Change, EventRecord, Precondition, Store } from '../store.ts';
import { createKnown, type Known } from './known.ts';
import { readAll, readObject, readSecret } from './read.ts';
import { type Api, ApiError, type ApiRequest, isStatus } from './request.ts';
import { collectionPath, objectOf, objectPath } from './resources.ts';
import { mergeDifference } from './status-patch.ts';
import { listWatch } from './watch.ts';

export interface ClusterStoreOptions {
  readonly api: Api;
  readonly clock: Clock;
  /** In [0, 1): spreads what would come together. */
  readonly random: () => number;
  readonly record: (event: EventRecord) => void;
  /** Told of every watch that breaks, and is mended. */
  readonly onProblem?: (text: string) => void;
}

const MERGE_PATCH = 'application/merge-patch+json';
const FIELD_MANAGER = 'berth-controller';

export const createClusterStore = ({ api, clock, random, record, onProblem }: ClusterStoreOptions): Store => {
  const known = createKnown((kind, key) => readObject(api, kind, key));
  const patch = async <K extends Kind>(kind: K, at: Precondition, what: 'status' | 'finalizers', body: object): Promise<Kinds[K]> => {
    const path = objectPath(kind, at) + (what === 'status' ? '/status' : '');
    const doing = `write the ${what} of ${kind} ${keyString(at)}`;
    const query = { fieldManager: what === 'status' ? `${FIELD_MANAGER}-status` : FIELD_MANAGER };
    const answer = await preconditioned(api, { doing, method: 'PATCH', path, query, type: MERGE_PATCH, body });
    return known.learn(kind, objectOf(kind, answer));
  };
  return {
    watch: (kind, signal) => {
      const onError = (error: unknown): void => onProblem?.(error instanceof Error ? error.message : String(error));
      return learning(kind, known, listWatch(kind, { api, clock, random, onError }, signal));
    },
    get: (kind, key) => readObject(api, kind, key),
    list: (kind) => readAll(api, kind),
    create: async (kind, object) => {
      const doing = `create ${kind} ${keyString(object.metadata)}`;
      const path = collectionPath(kind, object.metadata.namespace);
      const body = { apiVersion: API_VERSION, kind, ...object };
      const answer = await api.send<unknown>({ doing, method: 'POST', path, query: { fieldManager: FIELD_MANAGER }, body });
      return known.learn(kind, objectOf(kind, answer));
    },
    patchStatus: async (kind, at, status) => {
      const before = await known.at(kind, at);
      const change = mergeDifference(before.status, status);
      if (change === undefined) return before;
      return patch(kind, at, 'status', { metadata: preconditionOf(at), status: change });
    },
    patchFinalizers: async (kind, at, finalizers) => {
      const before = await known.at(kind, at);
      if (mergeDifference(before.metadata.finalizers ?? [], finalizers) === undefined) return before;
      return patch(kind, at, 'finalizers', { metadata: { ...preconditionOf(at), finalizers } });
    },
    delete: async (kind, at) => {
      await removeObject(api, kind, at);
    },
    secret: (key) => readSecret(api, key),
    record,
  };
};

/** Of this incarnation, or, without a uid, of whatever bears the name. What is gone, or another one by now, counts as done. */
export const removeObject = async (api: Api, kind: Kind, at: ObjectKey & { readonly uid?: string }): Promise<boolean> => {
  const preconditions = at.uid === undefined ? {} : { preconditions: { uid: at.uid } };
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', ...preconditions };
  try {
    await api.send({ doing: `delete ${kind} ${keyString(at)}`, method: 'DELETE', path: objectPath(kind, at), body });
    return true;
  } catch (error) {
    if (isStatus(error, 404) || (at.uid !== undefined && isStatus(error, 409))) return false;
    throw error;
  }
};

/** Both are checked by the server: the uid of an object cannot be patched, and a version that is not the stored one is refused. */
const preconditionOf = ({ uid, resourceVersion }: Precondition) => ({ uid, resourceVersion });

const preconditioned = async (api: Api, request: ApiRequest): Promise<unknown> => {
  try {
    return await api.send(request);
  } catch (error) {
    const isOther = error instanceof ApiError && error.status === 422 && error.fields.every((field) => field === 'metadata.uid');
    if (isStatus(error, 404) || (isOther && error.fields.length > 0)) {
      throw new OperatorError('conflict', `${error.message} (it is gone, or another by now)`, { cause: error });
    }
    throw error;
  }
};

async function* learning<K extends Kind>(kind: K, known: Known, changes: AsyncIterable<Change<K>>): AsyncIterable<Change<K>> {
  for await (const change of changes) {
    if (change.type === 'put') known.learn(kind, change.object);
    if (change.type === 'gone') known.forget(kind, change.key, change.uid);
    yield change;
  }
}
