// Keeps the cache of one kind up to date from the store's watch and from our own writes, and tells who listens of every
// change once.
import { OperatorError } from '../api/error.ts';
import type { Kind, Kinds, ObjectKey } from '../api/object.ts';
import type { Change, Store } from '../store/store.ts';
import { type CacheChange, createCache, type IndexFunction } from './cache.ts';

export interface InformerChange<K extends Kind> extends CacheChange<K> {
  /** Part of what existed when the controller started: not urgent. */
  readonly initial: boolean;
}

export interface Informer<K extends Kind> {
  readonly kind: K;
  /** All that existed at the start is known. Until then absence means nothing. */
  readonly synced: boolean;
  readonly whenSynced: Promise<void>;
  /** The watch ended without being told to: what the cache says can no longer be trusted. */
  readonly dead: boolean;
  get(key: ObjectKey): Kinds[K] | undefined;
  list(): readonly Kinds[K][];
  /** Throws for an index that was not declared. */
  byIndex(index: string, value: string): readonly Kinds[K][];
  /** Read your writes: give what every write returned. Older versions, and objects that are gone, are ignored. */
  learn(object: Kinds[K]): void;
  /** Called for every change, at once and in order; returns a function that ends it. */
  onChange(listener: (change: InformerChange<K>) => void): () => void;
  /** Watches until the signal; once only. Rejects if the watch breaks, which the store promises it does not. */
  run(signal: AbortSignal): Promise<void>;
}

export interface InformerOptions<K extends Kind> {
  readonly kind: K;
  readonly store: Pick<Store, 'watch'>;
  readonly indexes?: Readonly<Record<string, IndexFunction<K>>>;
}

export const createInformer = <K extends Kind>({ kind, store, indexes }: InformerOptions<K>): Informer<K> => {
  const cache = createCache(indexes);
  const listeners = new Set<(change: InformerChange<K>) => void>();
  const { promise: whenSynced, resolve: markSynced } = Promise.withResolvers<void>();
  let synced = false;
  let dead = false;

  const tell = (change: CacheChange<K> | undefined): void => {
    if (change === undefined) return;
    for (const listener of listeners) listener({ ...change, initial: !synced });
  };

  const receive = (change: Change<K>): void => {
    switch (change.type) {
      case 'put':
        tell(cache.put(change.object));
        break;
      case 'gone':
        tell(cache.gone(change.key, change.uid));
        break;
      case 'synced':
        synced = true;
        markSynced();
    }
  };

  return {
    kind,
    whenSynced,
    get synced() {
      return synced;
    },
    get dead() {
      return dead;
    },
    get: cache.get,
    list: cache.list,
    byIndex: cache.byIndex,
    learn: (object) => tell(cache.learn(object)),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async run(signal) {
      try {
        for await (const change of store.watch(kind, signal)) receive(change);
        if (!signal.aborted) throw new OperatorError('bug', `the watch of ${kind} objects ended by itself`);
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        dead = !signal.aborted;
      }
    },
  };
};
