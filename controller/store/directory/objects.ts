// All stored objects in memory, written through to the state folder. One write an object at a time; a write is seen by
// readers and watchers once it is on disk.
import { isDeepStrictEqual } from 'node:util';
import { OperatorError } from '../../api/error.ts';
import { type Kind, type Kinds, keyOf, keyString, type ObjectKey, type Resource } from '../../api/object.ts';
import type { Change } from '../store.ts';
import { removeDurably, writeAtomic, writeManyAtomic } from './atomic-write.ts';
import { encodeResource } from './codec.ts';
import { createFeed, type Feed } from './feed.ts';
import { objectPath } from './state-folder.ts';

export interface Objects {
  get<K extends Kind>(kind: K, key: ObjectKey): Kinds[K] | undefined;
  list<K extends Kind>(kind: K): readonly Kinds[K][];
  watch<K extends Kind>(kind: K, signal: AbortSignal): AsyncIterable<Change<K>>;
  /**
   * Stores what `change` makes of the stored object (undefined: none). Returning that same object, or its equal, writes
   * nothing; undefined removes it, as does an object being deleted that has no finalizers left.
   */
  write<K extends Kind>(
    kind: K,
    key: ObjectKey,
    change: (stored: Kinds[K] | undefined) => Kinds[K] | undefined,
  ): Promise<Kinds[K] | undefined>;
  /** Stores objects whose names are free, in bulk; the others are left alone. */
  createMany(objects: readonly Resource[]): Promise<void>;
}

export interface ObjectsOptions {
  readonly folder: string;
  readonly initial: readonly Resource[];
  readonly nextVersion: () => string;
  /** Throws when nothing may be written now. */
  readonly check: () => void;
  /** Before an object's file goes for good. */
  readonly beforeRemoval: (object: Resource) => Promise<void>;
  readonly afterRemoval: (object: Resource) => void;
}

type Table<K extends Kind> = Map<string, Kinds[K]>;

export const createObjects = (options: ObjectsOptions): Objects => {
  const tables = { Session: new Map(), VMPool: new Map(), VM: new Map() } as { readonly [K in Kind]: Table<K> };
  const feeds = { Session: new Set(), VMPool: new Set(), VM: new Set() } as { readonly [K in Kind]: Set<Feed<K>> };
  const tails = new Map<string, Promise<unknown>>();
  const tableOf = <K extends Kind>(kind: K): Table<K> => tables[kind];
  for (const object of options.initial) setIn(tableOf(object.kind) as Map<string, Resource>, freeze(object));

  const tell = <K extends Kind>(kind: K, change: Change<K>): void => {
    for (const feed of feeds[kind]) feed.push(change);
  };
  const stamp = <T extends Resource>(object: T): T =>
    freeze({ ...object, metadata: { ...object.metadata, resourceVersion: options.nextVersion() } });
  const remove = async <K extends Kind>(kind: K, object: Kinds[K]): Promise<void> => {
    await options.beforeRemoval(object);
    await removeDurably(objectPath(options.folder, kind, keyOf(object)));
    tableOf(kind).delete(keyString(keyOf(object)));
    tell(kind, { type: 'gone', key: keyOf(object), uid: object.metadata.uid });
    options.afterRemoval(object);
  };
  const store = async <K extends Kind>(kind: K, object: Kinds[K]): Promise<Kinds[K]> => {
    await writeAtomic(objectPath(options.folder, kind, keyOf(object)), encodeResource(object));
    setIn(tableOf(kind), object);
    tell(kind, { type: 'put', object });
    return object;
  };

  return {
    get: (kind, key) => tableOf(kind).get(keyString(key)),
    list: (kind) => [...tableOf(kind).values()],
    watch: (kind, signal) => {
      const feed = createFeed([...tableOf(kind).values()], signal);
      feeds[kind].add(feed);
      signal.addEventListener('abort', () => feeds[kind].delete(feed), { once: true });
      return feed.changes;
    },
    write: (kind, key, change) =>
      inTurn(tails, `${kind}/${keyString(key)}`, async () => {
        const stored = tableOf(kind).get(keyString(key));
        const wanted = change(stored);
        if (wanted === stored || isDeepStrictEqual(wanted, stored)) return stored;
        options.check();
        if (wanted && !isFinallyGone(wanted)) return store(kind, stamp(wanted));
        if (stored) await remove(kind, wanted ?? stored);
        return wanted;
      }),
    createMany: async (objects) => {
      const free = objects.filter((object) => !tableOf(object.kind).has(keyString(keyOf(object)))).map(stamp);
      options.check();
      await writeManyAtomic(
        free.map((object) => ({ path: objectPath(options.folder, object.kind, keyOf(object)), text: encodeResource(object) })),
      );
      for (const object of free) {
        setIn(tableOf(object.kind) as Map<string, Resource>, object);
        tell(object.kind, { type: 'put', object } as Change<Kind>);
      }
    },
  };
};

export const requireFree = (kind: Kind, key: ObjectKey, stored: Resource | undefined): void => {
  if (stored) throw new OperatorError('conflict', `cannot create ${kind} ${keyString(key)}: it exists`);
};

const isFinallyGone = (object: Resource): boolean =>
  object.metadata.deletionTimestamp !== undefined && (object.metadata.finalizers ?? []).length === 0;

const setIn = <T extends Resource>(table: Map<string, T>, object: T): void => {
  table.set(keyString(keyOf(object)), object);
};

/** Runs `work` once all earlier work of that name has ended, however it ended. */
const inTurn = async <T>(tails: Map<string, Promise<unknown>>, name: string, work: () => Promise<T>): Promise<T> => {
  const result = (tails.get(name) ?? Promise.resolve()).then(work, work);
  tails.set(name, result);
  try {
    return await result;
  } finally {
    if (tails.get(name) === result) tails.delete(name);
  }
};

const freeze = <T>(value: T): T => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
};
