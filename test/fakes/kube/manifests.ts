// The shipped ways to install, each rendered to the objects that it would apply.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readManifests } from '../../../controller/store/yaml/read-manifests.ts';

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    /** Once it is stored. */
    readonly uid?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export const root = fileURLToPath(new URL('../../../', import.meta.url));
export const COMPONENTS = ['monitoring', 'high-availability', 'secrets-by-namespace', 'azure-workload-identity', 'cert-manager'] as const;

const objectsIn = (text: string): readonly KubeObject[] => {
  const read = readManifests(text);
  if ('problem' in read) throw new Error(`line ${read.problem.line}: ${read.problem.message}`);
  return read.documents.map(({ value }) => value as unknown as KubeObject);
};

export const objectsOf = (file: string): readonly KubeObject[] => objectsIn(readFileSync(join(root, file), 'utf8'));

export const kustomize = (folder: string): readonly KubeObject[] => {
  const options = { encoding: 'utf8', maxBuffer: 2 ** 26 } as const;
  return objectsIn(execFileSync('kubectl', ['kustomize', folder], options));
};

/** manifests/install with these components, as a kustomization of somebody's own. */
export const installWith = (...components: readonly string[]): readonly KubeObject[] =>
  ownKustomization((install) => ({ components: components.map((name) => `${install}/components/${name}`) }));

/** manifests/install with these fields of a kustomization: `images`, `patches`, … */
export const installPatched = (fields: object): readonly KubeObject[] => ownKustomization(() => fields);

const ownKustomization = (fields: (install: string) => object): readonly KubeObject[] => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-install-'));
  const install = relative(folder, join(root, 'manifests/install'));
  try {
    writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify({ resources: [install], ...fields(install) }));
    return kustomize(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** As `helm install` would apply it to the namespace berth-system. */
export const helmTemplate = (helm: string, values: object = {}): readonly KubeObject[] => {
  const args = ['template', 'berth', join(root, 'manifests/chart'), '--namespace', 'berth-system', '--values', '-'];
  return objectsIn(execFileSync(helm, args, { encoding: 'utf8', maxBuffer: 2 ** 26, stdio: 'pipe', input: JSON.stringify(values) }));
};

/** `Kind namespace/name` → object. */
export const byId = (objects: readonly KubeObject[]): Readonly<Record<string, KubeObject>> =>
  Object.fromEntries(objects.map((object) => [idOf(object), object] as const).sort(([a], [b]) => (a < b ? -1 : 1)));

export const idOf = ({ kind, metadata: { namespace, name } }: KubeObject): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;

/** Of the same shape, as far as we use it, where a server is older than what it became. */
const OLDER: Readonly<Record<string, string>> = { 'policy/v1': 'policy/v1beta1' };

/** As a server that has these API versions would take it; undefined where it knows no such kind. */
export const asServed = (object: KubeObject, versions: readonly string[]): KubeObject | undefined => {
  const older = OLDER[object.apiVersion];
  if (versions.includes(object.apiVersion)) return object;
  return older !== undefined && versions.includes(older) ? { ...object, apiVersion: older } : undefined;
};
