// Berth's kinds as the API server knows them: paths, bodies, and what is kept of an answer.
import { API_VERSION, type Kind, type Kinds, type ObjectKey, PLURALS } from '../../api/object.ts';

/** Of all namespaces, or of one. */
export const collectionPath = (kind: Kind, namespace?: string): string =>
  `/apis/${API_VERSION}${namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`}/${PLURALS[kind]}`;

export const objectPath = (kind: Kind, { namespace, name }: ObjectKey): string =>
  `${collectionPath(kind, namespace)}/${encodeURIComponent(name)}`;

export interface ObjectList {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly unknown[] | null;
}

/** As `kubectl apply` leaves it, a second copy of the whole spec. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** The answer as an object of ours: frozen, and without what nobody here reads but every copy would carry. */
export const objectOf = <K extends Kind>(kind: K, answer: unknown): Kinds[K] => {
  const { metadata, ...rest } = answer as { readonly metadata: Record<string, unknown> };
  const { managedFields: _, annotations, ...kept } = metadata;
  const own = Object.entries((annotations ?? {}) as Record<string, string>).filter(([name]) => name !== LAST_APPLIED);
  const annotated = own.length === 0 ? kept : { ...kept, annotations: Object.fromEntries(own) };
  // The constants are shared by all objects; a parsed answer has a copy each.
  return freeze({ ...rest, apiVersion: API_VERSION, kind, metadata: annotated }) as unknown as Kinds[K];
};

const freeze = <T>(value: T): T => {
  if (typeof value !== 'object' || value === null) return value;
  for (const member of Object.values(value)) freeze(member);
  return Object.freeze(value);
};
