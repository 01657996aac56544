// The contract of a store: where resources live, as the controller sees them. Implemented by a directory, a cluster
// and, for the simulation, by memory; all pass the one contract test (test/contracts/store.ts).
import type { Kind, Kinds, ObjectKey, ObjectMeta } from '../api/object.ts';

export type Change<K extends Kind> =
  | { readonly type: 'put'; readonly object: Kinds[K] }
  | { readonly type: 'gone'; readonly key: ObjectKey; readonly uid: string }
  | { readonly type: 'synced' };

/** Names one incarnation of an object at one version; the write fails with `conflict` when either has moved on. */
export interface Precondition extends ObjectKey {
  readonly uid: string;
  readonly resourceVersion: string;
}

export interface Store {
  /**
   * All that exists, then `synced`, then every change in order. Changes to one object may be folded together. Never
   * ends by itself: whatever breaks underneath is mended by listing again, and what vanished meanwhile comes as `gone`.
   * May be called once per kind. Objects are frozen and shared.
   */
  watch<K extends Kind>(kind: K, signal: AbortSignal): AsyncIterable<Change<K>>;

  /** Uncached reads: what is stored now. */
  get<K extends Kind>(kind: K, key: ObjectKey): Promise<Kinds[K] | undefined>;
  list<K extends Kind>(kind: K): Promise<readonly Kinds[K][]>;

  /** Each write returns the object as stored. Creating what exists throws `conflict`. */
  create<K extends Kind>(kind: K, object: NewObject<K>): Promise<Kinds[K]>;
  /** Replaces the whole status. Never touches spec or metadata. An equal status is not written. */
  patchStatus<K extends Kind>(kind: K, at: Precondition, status: NonNullable<Kinds[K]['status']>): Promise<Kinds[K]>;
  /** Replaces the finalizers. The last one removed from an object being deleted removes the object. */
  patchFinalizers<K extends Kind>(kind: K, at: Precondition, finalizers: readonly string[]): Promise<Kinds[K]>;
  /**
   * Requests deletion: with finalizers the object gets a deletionTimestamp, without it goes at once. A uid that is not
   * the stored one, or an object that is gone, counts as done.
   */
  delete(kind: Kind, at: ObjectKey & { readonly uid: string }): Promise<void>;

  /** The keys and values of a secret, read directly and never cached; undefined when there is none. */
  secret(key: ObjectKey): Promise<Readonly<Record<string, string>> | undefined>;
  /** Tells people what happened. Best effort: never throws, never waits, repeats are folded. */
  record(event: EventRecord): void;
}

export interface NewObject<K extends Kind> {
  readonly metadata: Pick<ObjectMeta, 'name' | 'namespace'> &
    Partial<Pick<ObjectMeta, 'labels' | 'annotations' | 'finalizers' | 'ownerReferences'>>;
  readonly spec: Kinds[K]['spec'];
}

export interface EventRecord {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase and specific: `PlacedSession`, never `Started`. */
  readonly reason: string;
  readonly message: string;
  readonly regarding: { readonly kind: Kind; readonly uid: string } & ObjectKey;
}
