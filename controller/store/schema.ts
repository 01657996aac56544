// Takes in a resource as an API server with Berth's CRDs would: unknown fields are refused, defaults filled in, and the
// schema and its CEL rules checked, with the same words. Pure.
import type { Kind, Kinds } from '../api/object.ts';
import { SCHEMAS } from './crds.generated.ts';
import { withDefaults } from './schema/defaults.ts';
import { type FieldError, isBlocking, required } from './schema/error.ts';
import { metadataErrors, type UserMetadata, unreadableMetadata } from './schema/metadata.ts';
import { type Fields, isObject } from './schema/node.ts';
import { ruleErrors } from './schema/rules.ts';
import { structureErrors } from './schema/structure.ts';
import { unknownFields } from './schema/unknown.ts';

export interface Admitted<K extends Kind> {
  /** What people may set; the rest of a manifest's metadata is ignored. The namespace is `default` where none is given. */
  readonly metadata: UserMetadata;
  /** With defaults. */
  readonly spec: Kinds[K]['spec'];
}

export type Admission<K extends Kind> = { readonly object: Admitted<K> } | { readonly errors: readonly FieldError[] };

/**
 * `document` is one parsed manifest of this kind and of our API version; a status in it is ignored. With `old`, the
 * object stored under that name, transition rules apply (what is immutable).
 */
export function admit<K extends Kind>(kind: K, document: Fields, old?: { readonly spec: Kinds[K]['spec'] }): Admission<K> {
  const schema = SCHEMAS[kind];
  const { metadata: rawMetadata, status: _, ...rest } = document;
  const unreadable = [...unreadableMetadata(rawMetadata), ...unknownFields(rest, schema, '')];
  if (unreadable.length > 0) return { errors: unreadable };

  const metadata = userMetadata(isObject(rawMetadata) ? rawMetadata : {});
  const spec = withDefaults(document.spec ?? undefined, schema.properties.spec);
  const errors = [
    ...metadataErrors(metadata),
    ...(spec === undefined ? [required('spec')] : structureErrors(spec, schema.properties.spec, 'spec')),
  ];
  if (errors.some(isBlocking)) return { errors };
  const past = old === undefined ? undefined : { metadata, spec: old.spec };
  errors.push(...ruleErrors({ metadata, spec }, past, schema));
  return errors.length > 0 ? { errors } : { object: { metadata, spec: spec as Kinds[K]['spec'] } };
}

/** What an API server would refuse in a status that the controller is about to write. */
export const statusErrors = <K extends Kind>(kind: K, status: NonNullable<Kinds[K]['status']>): readonly FieldError[] =>
  structureErrors(status, SCHEMAS[kind].properties.status, 'status');

function userMetadata(raw: Fields): UserMetadata {
  const labels = strings(raw.labels);
  const annotations = strings(raw.annotations);
  return {
    name: typeof raw.name === 'string' ? raw.name : '',
    namespace: typeof raw.namespace === 'string' && raw.namespace !== '' ? raw.namespace : 'default',
    ...(labels ? { labels } : {}),
    ...(annotations ? { annotations } : {}),
  };
}

/** Go reads a null in a map of strings as an empty string. */
function strings(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!isObject(value) || Object.keys(value).length === 0) return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, typeof text === 'string' ? text : '']));
}
