// Fills in a schema's defaults as the API server does: a field that is absent or null takes its default, a null without
// one is dropped, and a value that is there is never touched.
import { isObject, type Schema } from './node.ts';

/** A copy of `value`; the input may be frozen and shared. */
export function withDefaults(value: unknown, schema: Schema): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.map((item: unknown) => withDefaults(item, items)) : value;
  }
  if (!isObject(value) || !schema.properties) return value;
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const known = schema.properties[name];
    if (value[name] !== null && known) copy[name] = withDefaults(value[name], known);
  }
  for (const name of Object.keys(schema.properties)) {
    const field = schema.properties[name];
    if (field?.default !== undefined && copy[name] === undefined) copy[name] = withDefaults(field.default, field);
  }
  return copy;
}
