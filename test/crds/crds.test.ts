import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SCHEMAS } from '../../controller/store/crds.generated.ts';
import type { Schema } from '../../controller/store/schema/node.ts';
import { structureErrors } from '../../controller/store/schema/structure.ts';
import { readManifests } from '../../controller/store/yaml/read-manifests.ts';
import { generate } from '../../crds/generate.ts';

const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const test = suite('crds');

function* nodes(schema: Schema, path: string): Generator<{ readonly path: string; readonly schema: Schema }> {
  yield { path, schema };
  for (const [name, field] of Object.entries(schema.properties ?? {})) yield* nodes(field, `${path}.${name}`);
  if (schema.items) yield* nodes(schema.items, `${path}[]`);
}

/** All that the CRDs themselves decide: the API server sees to apiVersion, kind and metadata. */
const all = Object.entries(SCHEMAS).flatMap(([kind, schema]) =>
  (['spec', 'status'] as const).flatMap((part) => [...nodes(schema.properties[part], `${kind}.${part}`)]),
);
const wrong = (broken: (schema: Schema, path: string) => boolean): readonly string[] =>
  all.filter(({ path, schema }) => broken(schema, path)).map(({ path }) => path);

test('the generated files are up to date', () => {
  for (const [file, content] of Object.entries(generate())) assert.is(readFileSync(root(file), 'utf8'), content, file);
  execFileSync(process.execPath, [root('crds/generate.ts'), '--check']);
});

test('every field has a description that begins with its name', () => {
  const name = (path: string): string => path.split('.').at(-1) ?? '';
  assert.equal(
    wrong(({ description = '' }, path) => !path.endsWith('[]') && !description.startsWith(`${name(path)} `)),
    [],
  );
});

test('a description of an optional field says what unset means, or the default', () => {
  const missing = all.flatMap(({ path, schema }) =>
    Object.entries(schema.properties ?? {})
      .filter(
        ([name, field]) =>
          path.includes('.spec') && !schema.required?.includes(name) && !/Unset|Default:|Required unless/.test(field.description ?? ''),
      )
      .map(([name]) => `${path}.${name}`),
  );
  assert.equal(missing, []);
});

test('every default is named in the description', () => {
  assert.equal(
    wrong(
      ({ default: value, description = '' }, path) =>
        value !== undefined && !/status$/.test(path) && !/Default: |its defaults/.test(description),
    ),
    [],
  );
});

test('no default lies within a list: `kubectl apply` and Argo CD compare lists whole, and would never be done', () => {
  assert.equal(
    wrong(({ default: value }, path) => value !== undefined && path.includes('[]')),
    [],
  );
});

test('every string, list and number has its bounds, every list its type', () => {
  assert.equal(
    wrong(({ type, maxLength }) => type === 'string' && maxLength === undefined),
    [],
  );
  assert.equal(
    wrong((schema) => schema.type === 'array' && (schema.maxItems === undefined || !schema['x-kubernetes-list-type'])),
    [],
  );
  assert.equal(
    wrong(({ type, format, minimum, maximum }) => type === 'integer' && (!format || minimum === undefined || maximum === undefined)),
    [],
  );
  assert.equal(
    wrong(({ maximum = 0, format }) => maximum > (format === 'int64' ? Number.MAX_SAFE_INTEGER : 2 ** 31 - 1)),
    [],
  );
});

test('required strings are not empty, but texts that may be', () => {
  const empty = all.flatMap(({ path, schema }) =>
    (schema.required ?? []).flatMap((name) => {
      const field = schema.properties?.[name];
      return field?.type === 'string' && !field.minLength && !field.format ? [`${path}.${name}`] : [];
    }),
  );
  assert.equal(empty, [
    'Session.spec.input[].text',
    'Session.status.conditions[].message',
    'VMPool.status.conditions[].message',
    'VM.status.conditions[].message',
  ]);
});

test('every default is itself valid', () => {
  for (const { path, schema } of all) if (schema.default !== undefined) assert.equal(structureErrors(schema.default, schema, path), []);
});

test('status begins before the first look', () => {
  for (const { properties } of Object.values(SCHEMAS)) assert.equal(properties.status.default, { observedGeneration: -1 });
});

test('the list of sessions reads like the tutorial', () => {
  const read = readManifests(readFileSync(root('crds/session.yaml'), 'utf8'));
  if (!('documents' in read)) throw new Error(read.problem.message);
  const text = JSON.stringify(read.documents[0]?.value);
  const columns = [...text.matchAll(/\{"name":"(\w+)","type":"\w+","jsonPath"/g)].map(([, name]) => name);
  assert.equal(columns, ['VM', 'Status', 'Age', 'Prompt']);
});

test.run();
