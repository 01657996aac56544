// Preconditions and our finalizer, the same for every kind.
import { FINALIZER, type Kind, type Kinds } from '../api/object.ts';
import type { Precondition, Store } from '../store/store.ts';

export const preconditionOf = ({ metadata }: Kinds[Kind]): Precondition => ({
  namespace: metadata.namespace,
  name: metadata.name,
  uid: metadata.uid,
  resourceVersion: metadata.resourceVersion,
});

export const addFinalizer = <K extends Kind>(store: Store, kind: K, object: Kinds[K]): Promise<Kinds[K]> =>
  store.patchFinalizers(kind, preconditionOf(object), [...(object.metadata.finalizers ?? []), FINALIZER]);

/** Others' finalizers stay. */
export const removeFinalizer = async <K extends Kind>(store: Store, kind: K, object: Kinds[K]): Promise<void> => {
  await store.patchFinalizers(
    kind,
    preconditionOf(object),
    (object.metadata.finalizers ?? []).filter((name) => name !== FINALIZER),
  );
};
