// What `berth explain` prints: a field of a kind by its path, and the fields below it, from the schemas' descriptions.
import type { Kind } from '../../api/object.ts';
import { SCHEMAS } from '../crds.generated.ts';
import type { Schema } from './node.ts';

export interface Explanation extends ExplainedField {
  readonly fields: readonly ExplainedField[];
}

export interface ExplainedField {
  readonly name: string;
  /** As kubectl explain writes types: `string`, `integer`, `[]Object`. */
  readonly type: string;
  readonly required: boolean;
  readonly description: string;
  readonly enum?: readonly string[];
}

/** `path` as in `spec.provider.azure`, empty for the kind itself; undefined when there is no such field. */
export function explain(kind: Kind, path = ''): Explanation | undefined {
  let schema: Schema = SCHEMAS[kind];
  let field = explained(kind, schema, false);
  for (const name of path === '' ? [] : path.split('.')) {
    const parent = schema.items ?? schema;
    const next = parent.properties && Object.hasOwn(parent.properties, name) ? parent.properties[name] : undefined;
    if (!next) return undefined;
    field = explained(name, next, parent.required?.includes(name) ?? false);
    schema = next;
  }
  const { properties = {}, required } = schema.items ?? schema;
  return { ...field, fields: Object.entries(properties).map(([name, each]) => explained(name, each, required?.includes(name) ?? false)) };
}

function explained(name: string, schema: Schema, required: boolean): ExplainedField {
  const allowed = schema.enum ?? schema.items?.enum;
  const description = schema.description ?? (name === 'metadata' ? METADATA : '');
  return { name, type: typeName(schema), required, description, ...(allowed ? { enum: allowed } : {}) };
}

/** A CRD may not describe metadata: the API server adds this itself. */
const METADATA = 'Standard object metadata: name, namespace, labels and annotations.';

function typeName(schema: Schema): string {
  if (schema.type === 'array') return `[]${typeName(schema.items ?? { type: 'string' })}`;
  return schema.type === 'object' ? 'Object' : schema.type;
}
