// Turns a resource's values into what CEL compares as Kubernetes does: JS numbers are doubles to CEL, so integers become
// BigInts; sets and map lists are sorted, since their order has no meaning.
import { isObject, type Schema } from './node.ts';
import { identityOf } from './structure.ts';

/** Strings, bools and what holds only those come back as they are: most of a resource is not copied. */
export function celValue(value: unknown, schema: Schema): unknown {
  if (!needsCopy(schema)) return value;
  if (typeof value === 'number') return BigInt(value);
  if (Array.isArray(value)) return celList(value, schema);
  if (!isObject(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const known = schema.properties?.[name];
    if (known && value[name] !== undefined) copy[name] = celValue(value[name], known);
  }
  return copy;
}

const copied = new WeakMap<Schema, boolean>();

function needsCopy(schema: Schema): boolean {
  const known = copied.get(schema);
  if (known !== undefined) return known;
  const below = [...Object.values(schema.properties ?? {}), ...(schema.items ? [schema.items] : [])];
  const answer = schema.type === 'integer' || identityOf(schema) !== undefined || below.some(needsCopy);
  copied.set(schema, answer);
  return answer;
}

function celList(value: readonly unknown[], schema: Schema): readonly unknown[] {
  const { items } = schema;
  if (!items) return value;
  const identity = identityOf(schema);
  if (!identity) return value.map((item) => celValue(item, items));
  const keyed = value.map((item) => ({ key: JSON.stringify(identity(item)), item: celValue(item, items) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ item }) => item);
}
