// Read your writes: a store whose every write is known to the caches before anyone reads them again, also a write whose
// answer was lost.
import { errorCode } from '../api/error.ts';
import { type Kind, type Kinds, keyString, type ObjectKey } from '../api/object.ts';
import type { Store } from '../store/store.ts';

export type Learn = { readonly [K in Kind]: (object: Kinds[K]) => void };

export interface LearningStore extends Store {
  /**
   * Reads anew, past the cache, what was written with an unknown outcome. Who counts what is taken (the pool) waits for
   * it: a placement whose answer was lost holds its slot. Throws while it can not be read.
   */
  settle(): Promise<void>;
}

export const createLearningStore = (store: Store, learn: Learn): LearningStore => {
  const doubts = new Map<string, () => Promise<void>>();
  const reread = async <K extends Kind>(kind: K, key: ObjectKey): Promise<void> => {
    const object = await store.get(kind, key);
    if (object) learn[kind](object);
  };
  const taught = async <K extends Kind>(kind: K, key: ObjectKey, write: Promise<Kinds[K]>): Promise<Kinds[K]> => {
    try {
      const object = await write;
      learn[kind](object);
      return object;
    } catch (error) {
      const refused = ['conflict', 'invalid', 'denied'].includes(errorCode(error));
      if (!refused) doubts.set(`${kind} ${keyString(key)}`, () => reread(kind, key));
      throw error;
    }
  };
  return {
    settle: async () => {
      for (const [id, doubt] of doubts) {
        await doubt();
        if (doubts.get(id) === doubt) doubts.delete(id);
      }
    },
    watch: (kind, signal) => store.watch(kind, signal),
    get: (kind, key) => store.get(kind, key),
    list: (kind) => store.list(kind),
    create: (kind, object) => taught(kind, object.metadata, store.create(kind, object)),
    patchStatus: (kind, at, status) => taught(kind, at, store.patchStatus(kind, at, status)),
    patchFinalizers: (kind, at, finalizers) => taught(kind, at, store.patchFinalizers(kind, at, finalizers)),
    delete: (kind, at) => store.delete(kind, at),
    secret: (key) => store.secret(key),
    record: (event) => store.record(event),
  };
};
