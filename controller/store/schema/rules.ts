// The CEL rules of a schema, scoped as Kubernetes does: `self` is the node that carries the rule, `oldSelf` the same node
// of the stored object; a rule that names `oldSelf` is skipped where there is none. Items of map lists are matched by key.
import { Environment } from '@marcbachmann/cel-js';
import { celValue } from './cel-value.ts';
import { brokenRule, type FieldError } from './error.ts';
import { type Fields, isObject, type Rule, type Schema } from './node.ts';
import { identityOf } from './structure.ts';

type Check = (scope: { readonly self: unknown; readonly oldSelf?: unknown }) => unknown;

const environment = new Environment().registerVariable('self', 'dyn').registerVariable('oldSelf', 'dyn');
const checks = new WeakMap<Rule, { readonly check: Check; readonly transition: boolean }>();

export function ruleErrors(value: unknown, old: unknown, schema: Schema, path = '', found: FieldError[] = []): readonly FieldError[] {
  if (!hasRules(schema)) return found;
  const rules = schema['x-kubernetes-validations'];
  if (rules) check(rules, celValue(value, schema), old === undefined ? undefined : celValue(old, schema), path, found);
  if (isObject(value)) fieldErrors(value, isObject(old) ? old : {}, schema, path, found);
  else if (Array.isArray(value)) itemErrors(value, old, schema, path, found);
  return found;
}

function fieldErrors(value: Fields, old: Fields, schema: Schema, path: string, found: FieldError[]): void {
  for (const name of Object.keys(value)) {
    const field = schema.properties?.[name];
    if (field && value[name] !== undefined) ruleErrors(value[name], old[name], field, path === '' ? name : `${path}.${name}`, found);
  }
}

function itemErrors(value: readonly unknown[], old: unknown, schema: Schema, path: string, found: FieldError[]): void {
  const { items } = schema;
  const match = oldItems(old, schema);
  if (items) for (const [index, item] of value.entries()) ruleErrors(item, match(item), items, `${path}[${index}]`, found);
}

function check(rules: readonly Rule[], self: unknown, oldSelf: unknown, path: string, found: FieldError[]): void {
  for (const rule of rules) {
    const { check, transition } = compiled(rule);
    if (transition && oldSelf === undefined) continue;
    if (check(transition ? { self, oldSelf } : { self }) === true) continue;
    found.push(brokenRule(rule.fieldPath === undefined ? path : `${path}${rule.fieldPath}`.replace(/^\./, ''), rule.message));
  }
}

function compiled(rule: Rule): { readonly check: Check; readonly transition: boolean } {
  const known = checks.get(rule);
  if (known) return known;
  const parsed = environment.parse(rule.rule);
  const made = { check: (scope: Parameters<Check>[0]) => parsed(scope) as unknown, transition: /\boldSelf\b/.test(rule.rule) };
  checks.set(rule, made);
  return made;
}

const carriers = new WeakMap<Schema, boolean>();

/** Whether the schema or anything below it carries a rule: most of a schema does not, and is not walked. */
function hasRules(schema: Schema): boolean {
  const known = carriers.get(schema);
  if (known !== undefined) return known;
  const below = [...Object.values(schema.properties ?? {}), ...(schema.items ? [schema.items] : [])];
  const answer = schema['x-kubernetes-validations'] !== undefined || below.some(hasRules);
  carriers.set(schema, answer);
  return answer;
}

/** Only items of map lists have a past; those of other lists cannot be told apart. */
function oldItems(old: unknown, schema: Schema): (item: unknown) => unknown {
  const identity = schema['x-kubernetes-list-type'] === 'map' ? identityOf(schema) : undefined;
  if (!identity || !Array.isArray(old)) return () => undefined;
  const byKey = new Map(old.map((item: unknown) => [JSON.stringify(identity(item)), item]));
  return (item) => byKey.get(JSON.stringify(identity(item)));
}
