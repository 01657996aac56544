// Read your writes: a store whose every write is known to the caches before anyone reads them again.
import type { Kind, Kinds } from '../api/object.ts';
import type { Store } from '../store/store.ts';

export type Learn = { readonly [K in Kind]: (object: Kinds[K]) => void };

export const createLearningStore = (store: Store, learn: Learn): Store => {
  const taught = async <K extends Kind>(kind: K, write: Promise<Kinds[K]>): Promise<Kinds[K]> => {
    const object = await write;
    learn[kind](object);
    return object;
  };
  return {
    watch: (kind, signal) => store.watch(kind, signal),
    get: (kind, key) => store.get(kind, key),
    list: (kind) => store.list(kind),
    create: (kind, object) => taught(kind, store.create(kind, object)),
    patchStatus: (kind, at, status) => taught(kind, store.patchStatus(kind, at, status)),
    patchFinalizers: (kind, at, finalizers) => taught(kind, store.patchFinalizers(kind, at, finalizers)),
    delete: (kind, at) => store.delete(kind, at),
    secret: (key) => store.secret(key),
    record: (event) => store.record(event),
  };
};
