// What every resource has in common: metadata, conditions, and the key that names one.
import type { Session, VM, VMPool } from './types.generated.ts';

export const API_VERSION = 'berth.dev/v1alpha1';
/** Held from before the first external effect until cleanup is seen to be done. */
export const FINALIZER = 'berth.dev/cleanup';

export interface Kinds {
  readonly Session: Session;
  readonly VMPool: VMPool;
  readonly VM: VM;
}
export type Kind = keyof Kinds;
export type Resource = Kinds[Kind];

export const PLURALS = { Session: 'sessions', VMPool: 'vmpools', VM: 'vms' } as const satisfies Record<Kind, string>;

export interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  /** Opaque; changes with every write. Only ever compared for equality, or handed back as a precondition. */
  readonly resourceVersion: string;
  /** Rises by one with every change of spec (and when deletion is requested), as in Kubernetes. */
  readonly generation: number;
  /** RFC 3339, UTC, whole seconds. */
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** Names an object within its kind. */
export interface ObjectKey {
  readonly namespace: string;
  readonly name: string;
}

export const keyOf = (object: { readonly metadata: ObjectKey }): ObjectKey => ({
  namespace: object.metadata.namespace,
  name: object.metadata.name,
});

/** `namespace/name`: a key as a string, for maps and logs. Neither part can hold a slash. */
export const keyString = (key: ObjectKey): string => `${key.namespace}/${key.name}`;

export const parseKey = (text: string): ObjectKey => {
  const slash = text.indexOf('/');
  return { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
};

/** Our finalizer is on it: something outside may exist in its name. */
export const isHeld = ({ metadata }: { readonly metadata: ObjectMeta }): boolean => metadata.finalizers?.includes(FINALIZER) ?? false;

/** It is to go without cleanup: what exists in its name is left as it is (SPEC 2.5). */
export const isAbandoned = ({ metadata }: { readonly metadata: ObjectMeta }): boolean =>
  metadata.annotations?.['berth.dev/abandon'] === 'true';
