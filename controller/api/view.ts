// What reconcilers read from: the informers' caches in a running controller, a listing in `berth plan`.
import type { Kind, Kinds, ObjectKey } from './object.ts';

export interface View<K extends Kind> {
  get(key: ObjectKey): Kinds[K] | undefined;
  list(): readonly Kinds[K][];
  byIndex(index: string, value: string): readonly Kinds[K][];
}

/** How an object is found other than by its key: the values under which each index holds it. */
export type Indexes<K extends Kind> = Readonly<Record<string, (object: Kinds[K]) => readonly string[]>>;
