// The structural part of validation: types, bounds, patterns, list types. A direct walk, since it runs for every
// resource of a directory; the messages are those of the API server (kube-openapi's validators).
import { duplicate, type FieldError, invalid, notSupported, required, tooLong, tooMany, wrongFormat, wrongType } from './error.ts';
import { type Fields, isObject, type Schema } from './node.ts';

export function structureErrors(value: unknown, schema: Schema, path: string, found: FieldError[] = []): readonly FieldError[] {
  const wrong = typeError(value, schema, path);
  if (wrong) found.push(wrong);
  if (schema.enum && !schema.enum.includes(value as string)) found.push(notSupported(path, value, schema.enum));
  if (typeof value === 'number') checkNumber(value, schema, path, found);
  if (wrong) return found;
  if (typeof value === 'string') checkString(value, schema, path, found);
  else if (Array.isArray(value)) checkList(value, schema, path, found);
  else if (isObject(value)) checkObject(value, schema, path, found);
  return found;
}

/** kube-openapi names the format, not the type, where the schema has one and the value is neither string nor list. */
function typeError(value: unknown, schema: Schema, path: string): FieldError | undefined {
  const found = typeOf(value);
  if (found === schema.type) return undefined;
  if (schema.format && found !== 'string' && found !== 'array' && found !== 'null') return wrongType(path, schema.format, formatOf(value));
  return wrongType(path, schema.type, found);
}

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

/** Beyond ±2^53 Go reads the number as a float that is no integer any more. */
const isInteger = (value: number): boolean => Number.isInteger(value) && Math.abs(value) <= 2 ** 63;

const formatOf = (value: unknown): string => (typeof value !== 'number' ? '' : isInteger(value) ? 'int64' : 'float64');

function checkString(value: string, schema: Schema, path: string, found: FieldError[]): void {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern } = schema;
  // UTF-16 units are never fewer than characters, so most strings need no counting.
  if (value.length > maxLength && characters(value) > maxLength) found.push(tooLong(path, maxLength));
  else if (value.length < minLength * 2 && characters(value) < minLength) {
    found.push(invalid(path, value, `${path} in body should be at least ${minLength} chars long`));
  } else if (pattern !== undefined && !compiled(pattern).test(value)) {
    found.push(invalid(path, value, `${path} in body should match '${pattern}'`));
  }
  if (schema.format === 'date-time' && !isDateTime(value)) found.push(wrongFormat(path, value, 'date-time'));
}

function characters(value: string): number {
  let count = 0;
  for (const _ of value) count++;
  return count;
}

const patterns = new Map<string, RegExp>();

function compiled(pattern: string): RegExp {
  const known = patterns.get(pattern);
  if (known) return known;
  const made = new RegExp(pattern, 'u');
  patterns.set(pattern, made);
  return made;
}

const DATE_TIME =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** The pattern knows no calendar: a day that the month does not have comes back as another. */
const isDateTime = (value: string): boolean =>
  DATE_TIME.test(value) && new Date(`${value.slice(0, 10)}T00:00:00Z`).getUTCDate() === Number(value.slice(8, 10));

function checkNumber(value: number, { minimum, maximum }: Schema, path: string, found: FieldError[]): void {
  if (minimum !== undefined && value < minimum)
    found.push(invalid(path, value, `${path} in body should be greater than or equal to ${minimum}`));
  if (maximum !== undefined && value > maximum)
    found.push(invalid(path, value, `${path} in body should be less than or equal to ${maximum}`));
}

function checkList(value: readonly unknown[], schema: Schema, path: string, found: FieldError[]): void {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, items } = schema;
  if (value.length < minItems) found.push(invalid(path, value.length, `${path} in body should have at least ${minItems} items`));
  if (value.length > maxItems) {
    found.push(tooMany(path, value.length, maxItems));
    return;
  }
  if (items) for (const [index, item] of value.entries()) structureErrors(item, items, `${path}[${index}]`, found);
  checkDuplicates(value, schema, path, found);
}

function checkDuplicates(value: readonly unknown[], schema: Schema, path: string, found: FieldError[]): void {
  const identity = identityOf(schema);
  if (!identity) return;
  const odd = schema['x-kubernetes-list-type'] === 'map' ? value.findIndex((item) => item !== null && !isObject(item)) : -1;
  if (odd >= 0) {
    found.push(invalid(`${path}[${odd}]`, value[odd], 'must be an object for an array of list-type map'));
    return;
  }
  const seen = new Map<string, number>();
  for (const [index, item] of value.entries()) {
    const id = identity(item);
    const text = JSON.stringify(id);
    const times = seen.get(text) ?? 0;
    if (times === 1) found.push(duplicate(`${path}[${index}]`, id));
    seen.set(text, times + 1);
  }
}

/** What tells the items of a list apart: the value itself in a set, the key fields in a map; undefined for atomic lists. */
export function identityOf(schema: Schema): ((item: unknown) => unknown) | undefined {
  if (schema['x-kubernetes-list-type'] === 'set') return (item) => item;
  const keys = schema['x-kubernetes-list-map-keys'];
  if (!keys) return undefined;
  return (item) => (isObject(item) ? Object.fromEntries(keys.map((key) => [key, item[key]])) : {});
}

function checkObject(value: Fields, schema: Schema, path: string, found: FieldError[]): void {
  for (const name of schema.required ?? []) if (value[name] === undefined) found.push(required(`${path}.${name}`));
  for (const name of Object.keys(value)) {
    const known = schema.properties?.[name];
    if (known && value[name] !== undefined) structureErrors(value[name], known, `${path}.${name}`, found);
  }
}
