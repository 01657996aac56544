// What is known of one kind's objects, with indexes. It decides whether news is news: the watch and our own writes tell
// of the same versions, in either order. No I/O and no listeners: informer.ts feeds it.
import { OperatorError } from '../api/error.ts';
import { type Kind, type Kinds, keyOf, keyString, type ObjectKey } from '../api/object.ts';
import { isNewer } from '../api/version.ts';

/** The values an object is found under. */
export type IndexFunction<K extends Kind> = (object: Kinds[K]) => readonly string[];

export interface CacheChange<K extends Kind> {
  readonly key: ObjectKey;
  readonly before?: Kinds[K];
  readonly after?: Kinds[K];
}

export interface Cache<K extends Kind> {
  get(key: ObjectKey): Kinds[K] | undefined;
  list(): readonly Kinds[K][];
  byIndex(index: string, value: string): readonly Kinds[K][];
  /** News from the watch. Each of these returns the change it made, undefined when the cache knew better. */
  put(object: Kinds[K]): CacheChange<K> | undefined;
  gone(key: ObjectKey, uid: string): CacheChange<K> | undefined;
  /** What a write returned: may come before or after the watch tells the same, and after the object is gone. */
  learn(object: Kinds[K]): CacheChange<K> | undefined;
}

/** Bounds the memory of the dead; only writes in flight while an object goes ever ask for it. */
const GRAVES = 4096;

export const createCache = <K extends Kind>(indexes: Readonly<Record<string, IndexFunction<K>>> = {}): Cache<K> => {
  const objects = new Map<string, Kinds[K]>();
  const lookups = new Map(Object.entries(indexes).map(([name, values]) => [name, createLookup(values)]));
  const graves = createGraves();

  const replace = (key: ObjectKey, after: Kinds[K] | undefined): CacheChange<K> => {
    const id = keyString(key);
    const before = objects.get(id);
    if (before !== undefined && before.metadata.uid !== after?.metadata.uid) graves.bury(before.metadata);
    if (after === undefined) objects.delete(id);
    else objects.set(id, after);
    for (const lookup of lookups.values()) lookup.move(id, before, after);
    return { key, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
  };

  const gone = (key: ObjectKey, uid: string): CacheChange<K> | undefined => {
    const known = objects.get(keyString(key));
    if (known?.metadata.uid === uid) return replace(key, undefined);
    graves.bury({ uid, resourceVersion: '0' });
    return undefined;
  };

  const put = (object: Kinds[K]): CacheChange<K> | undefined => {
    const { uid, resourceVersion } = object.metadata;
    const known = objects.get(keyString(object.metadata));
    // Versions grow over the whole store, so they tell which of two incarnations is the later as well.
    const seen = known?.metadata.resourceVersion ?? graves.versionOf(uid);
    if (seen !== undefined && !isNewer(resourceVersion, seen)) return undefined;
    graves.exhume(uid);
    return replace(keyOf(object), object);
  };

  return {
    get: (key) => objects.get(keyString(key)),
    list: () => [...objects.values()],
    byIndex(index, value) {
      const lookup = lookups.get(index);
      if (lookup === undefined) throw new OperatorError('bug', `no index ${index} was declared`);
      return lookup.find(value);
    },
    put,
    gone,
    learn(object) {
      const { uid, deletionTimestamp, finalizers } = object.metadata;
      const known = objects.get(keyString(object.metadata));
      if (known?.metadata.uid !== uid && graves.versionOf(uid) !== undefined) return undefined;
      // The write that takes the last finalizer off returns the object as it was when it went.
      if (deletionTimestamp === undefined || (finalizers ?? []).length > 0) return put(object);
      const change = gone(keyOf(object), uid);
      graves.bury(object.metadata);
      return change;
    },
  };
};

interface Lookup<T> {
  find(value: string): readonly T[];
  move(id: string, before: T | undefined, after: T | undefined): void;
}

const NOTHING: readonly never[] = [];

const createLookup = <T>(valuesOf: (object: T) => readonly string[]): Lookup<T> => {
  const byValue = new Map<string, Map<string, T>>();
  /** Kept until what is found under the value changes: it is asked for far more often. */
  const lists = new Map<string, readonly T[]>();
  const listOf = (value: string): readonly T[] => {
    const found = byValue.get(value);
    if (found === undefined) return NOTHING;
    const list = [...found.values()];
    lists.set(value, list);
    return list;
  };
  return {
    find: (value) => lists.get(value) ?? listOf(value),
    move(id, before, after) {
      const values = after === undefined ? [] : valuesOf(after);
      for (const value of before === undefined ? [] : valuesOf(before)) {
        lists.delete(value);
        if (values.includes(value)) continue;
        const found = byValue.get(value);
        found?.delete(id);
        if (found?.size === 0) byValue.delete(value);
      }
      if (after === undefined) return;
      for (const value of values) {
        lists.delete(value);
        const found = byValue.get(value) ?? new Map<string, T>();
        byValue.set(value, found.set(id, after));
      }
    },
  };
};

interface Incarnation {
  readonly uid: string;
  readonly resourceVersion: string;
}

/** The incarnations that are no more, with the last version known, so that late news of them is seen to be late. */
const createGraves = () => {
  const versions = new Map<string, string>();
  return {
    versionOf: (uid: string): string | undefined => versions.get(uid),
    exhume: (uid: string): boolean => versions.delete(uid),
    bury({ uid, resourceVersion }: Incarnation): void {
      const known = versions.get(uid);
      if (known !== undefined && !isNewer(resourceVersion, known)) return;
      versions.delete(uid);
      versions.set(uid, resourceVersion);
      const oldest = versions.keys().next().value;
      if (versions.size > GRAVES && oldest !== undefined) versions.delete(oldest);
    },
  };
};
