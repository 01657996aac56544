// The last version of each object that this store saw, by watch or by its own writes: what a patch is made against.
import { OperatorError } from '../../api/error.ts';
import { type Kind, type Kinds, keyString, type ObjectKey, type Resource } from '../../api/object.ts';
import { isNewer } from '../../api/version.ts';
import type { Precondition } from '../store.ts';

export interface Known {
  /** Returns what it is given. */
  learn<K extends Kind>(kind: K, object: Kinds[K]): Kinds[K];
  forget(kind: Kind, key: ObjectKey, uid: string): void;
  /** The object at exactly this version, read anew if need be; throws `conflict` when it has moved on. */
  at<K extends Kind>(kind: K, at: Precondition): Promise<Kinds[K]>;
}

export const createKnown = (read: <K extends Kind>(kind: K, key: ObjectKey) => Promise<Kinds[K] | undefined>): Known => {
  const objects: Readonly<Record<Kind, Map<string, Resource>>> = { Session: new Map(), VMPool: new Map(), VM: new Map() };
  const tableOf = <K extends Kind>(kind: K) => objects[kind] as unknown as Map<string, Kinds[K]>;
  return {
    learn: (kind, object) => {
      const table = tableOf(kind);
      const id = keyString(object.metadata);
      const before = table.get(id);
      const { deletionTimestamp, finalizers, resourceVersion } = object.metadata;
      // The write that takes the last finalizer off returns what is no more.
      if (deletionTimestamp !== undefined && (finalizers ?? []).length === 0) table.delete(id);
      else if (before === undefined || isNewer(resourceVersion, before.metadata.resourceVersion)) table.set(id, object);
      return object;
    },
    forget: (kind, key, uid) => {
      const id = keyString(key);
      if (objects[kind].get(id)?.metadata.uid === uid) objects[kind].delete(id);
    },
    at: async (kind, at) => {
      const known = tableOf(kind).get(keyString(at));
      if (known !== undefined && isAt(known, at)) return known;
      const stored = await read(kind, at);
      if (stored !== undefined && isAt(stored, at)) return stored;
      const why = stored?.metadata.uid === at.uid ? 'it was changed meanwhile' : 'it is gone';
      throw new OperatorError('conflict', `cannot write ${kind} ${keyString(at)}: ${why}`);
    },
  };
};

const isAt = ({ metadata }: Resource, at: Precondition): boolean =>
  metadata.uid === at.uid && metadata.resourceVersion === at.resourceVersion;
