// Writes what is generated: from the CRDs the resource types, and the schemas as a module so that nothing parses their YAML
// at run time; from all manifests the ways to install them. `node crds/generate.ts` writes, `node crds/generate.ts --check`
// fails where a file is outdated.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { load } from 'js-yaml';
import type { Schema } from '../controller/store/schema/node.ts';
import { renderManifests } from './render-manifests.ts';

const KINDS = { Session: 'session.yaml', VMPool: 'vmpool.yaml', VM: 'vm.yaml' } as const;
type Kind = keyof typeof KINDS;

const HEADER = '// Generated from crds/*.yaml by `npm run generate`. Do not edit.\n';

/** Path (from the root of the project) → content of each generated file. */
export function generate(): Readonly<Record<string, string>> {
  const schemas = Object.entries(KINDS).map(([kind, file]) => [kind as Kind, readSchema(file)] as const);
  return {
    'controller/api/types.generated.ts': typesModule(schemas),
    'controller/store/crds.generated.ts': schemasModule(schemas),
    ...renderManifests(),
  };
}

function readSchema(file: string): Schema {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  const crd = load(text) as { spec: { versions: [{ schema: { openAPIV3Schema: Schema } }] } };
  return crd.spec.versions[0].schema.openAPIV3Schema;
}

type Schemas = readonly (readonly [Kind, Schema])[];

function schemasModule(schemas: Schemas): string {
  const text = JSON.stringify(Object.fromEntries(schemas), undefined, 1);
  return `${HEADER}import type { KindSchema } from './schema/node.ts';\n\nexport const SCHEMAS: Readonly<Record<'Session' | 'VMPool' | 'VM', KindSchema>> = ${text};\n`;
}

function typesModule(schemas: Schemas): string {
  const imports = "import type { Condition } from './condition.ts';\nimport type { ObjectMeta } from './object.ts';\n";
  return `${HEADER}${imports}${schemas.map(([kind, schema]) => kindTypes(kind, schema)).join('')}`;
}

function kindTypes(kind: Kind, { properties = {} }: Schema): string {
  const part = (name: string): string => objectType(properties[name] ?? { type: 'object' }, 0);
  return `
export interface ${kind} {
  readonly apiVersion: 'berth.dev/v1alpha1';
  readonly kind: '${kind}';
  readonly metadata: ObjectMeta;
  readonly spec: ${kind}Spec;
  readonly status?: ${kind}Status;
}

export interface ${kind}Spec ${part('spec')}

export interface ${kind}Status ${part('status')}
`;
}

function objectType(schema: Schema, depth: number): string {
  const indent = '  '.repeat(depth + 1);
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const optional = schema.required?.includes(name) ? '' : '?';
    const type = name === 'conditions' ? 'readonly Condition[]' : typeOf(field, depth + 1);
    return `${indent}/** ${field.description ?? ''} */\n${indent}readonly ${name}${optional}: ${type};\n`;
  });
  return `{\n${fields.join('')}${'  '.repeat(depth)}}`;
}

function typeOf(schema: Schema, depth: number): string {
  switch (schema.type) {
    case 'object':
      return objectType(schema, depth);
    case 'array':
      return arrayType(schema.items ?? { type: 'string' }, depth);
    case 'integer':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'string':
      return schema.enum ? schema.enum.map((value) => `'${value}'`).join(' | ') : 'string';
  }
}

function arrayType(items: Schema, depth: number): string {
  const type = typeOf(items, depth);
  return `readonly ${items.enum ? `(${type})` : type}[]`;
}

const pathOf = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.url));

function outdated(file: string, content: string): boolean {
  try {
    return readFileSync(pathOf(file), 'utf8') !== content;
  } catch {
    return true;
  }
}

function main(check: boolean): void {
  const stale = Object.entries(generate()).filter(([file, content]) => outdated(file, content));
  if (!check) for (const [file, content] of stale) writeFileSync(pathOf(file), content);
  else if (stale.length > 0) {
    console.error(`Outdated: ${stale.map(([file]) => file).join(', ')}. Run \`node crds/generate.ts\` and commit the result.`);
    process.exitCode = 1;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.includes('--check'));
