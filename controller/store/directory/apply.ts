// Applying for the directory store: a manifest becomes a file of its own in the folder, where the controller finds it as
// it finds any other.
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { OperatorError } from '../../api/error.ts';
import { API_VERSION, type Kind, keyString, type ObjectKey } from '../../api/object.ts';
import type { Applied, Manifest } from '../client.ts';
import { errorLine, type FieldError } from '../schema/error.ts';
import { type Admitted, admit } from '../schema.ts';
import { writeYAML } from '../yaml/write.ts';
import { writeAtomic, writeError } from './atomic-write.ts';
import { type Definer, findDefiner } from './find-definer.ts';
import { objectID, readManifestFile } from './manifest-file.ts';
import { CLI_ANNOTATION, type Fields } from './merge.ts';
import { readStateFile } from './state-files.ts';
import { objectPath } from './state-folder.ts';

interface Planned {
  readonly kind: Kind;
  readonly key: ObjectKey;
  readonly manifest: Manifest;
  readonly object: Admitted<Kind>;
}

/** All are checked before the first is written. */
export const applyManifests = async (root: string, folder: string, manifests: readonly Manifest[]): Promise<readonly Applied[]> => {
  const planned = manifests.map((manifest) => check(folder, manifest));
  const definers = await findDefiner(
    root,
    folder,
    planned.map(({ kind, key }) => objectID(kind, key)),
  );
  const applied: Applied[] = [];
  for (const plan of planned) refuseForeign(root, plan, definers.get(objectID(plan.kind, plan.key)));
  for (const plan of planned) applied.push(await write(root, plan, definers.get(objectID(plan.kind, plan.key))));
  return applied;
};

/** Where the CLI writes an object: `<kind>-<name>.yaml`, below a folder of the namespace's name where that is not `default`. */
const manifestPath = (kind: Kind, key: ObjectKey): string => {
  const name = `${kind.toLowerCase()}-${key.name}.yaml`;
  return key.namespace === 'default' ? name : join(key.namespace, name);
};

const check = (folder: string, manifest: Manifest): Planned => {
  const document = manifest.document as Fields;
  const kind = document?.kind;
  if (document?.apiVersion !== API_VERSION || (kind !== 'Session' && kind !== 'VMPool')) {
    throw new OperatorError('invalid', `${manifest.origin}: not a Session or VMPool of ${API_VERSION}`);
  }
  const first = admit(kind, document);
  if ('errors' in first) throw refused(manifest, first.errors);
  const { namespace, name } = first.object.metadata;
  const key = { namespace, name };
  const stored = readStateFile({ kind, key, path: objectPath(folder, kind, key) });
  if (!stored || stored.metadata.annotations?.['berth.dev/builtin'] !== undefined) return { kind, key, manifest, object: first.object };
  const second = admit(kind, document, stored as never);
  if ('errors' in second) throw refused(manifest, second.errors);
  return { kind, key, manifest, object: second.object };
};

const refused = ({ origin, locate = () => origin }: Manifest, errors: readonly FieldError[]): OperatorError =>
  new OperatorError('invalid', errors.map((error) => `${locate(error.path)}: ${errorLine(error)}`).join('; '));

const refuseForeign = (root: string, { kind, key, manifest }: Planned, definer: Definer | undefined): void => {
  const path = join(root, manifestPath(kind, key));
  const isOurs =
    (definer?.isAlone && definer.annotations?.[CLI_ANNOTATION] !== undefined) || (definer && isOrigin(root, definer, manifest));
  if (definer && !isOurs) {
    throw new OperatorError(
      'invalid',
      `${manifest.origin}: ${kind} ${keyString(key)} is already defined in ${join(root, definer.path)}: change it there`,
    );
  }
  if (!definer && existsSync(path) && readManifestFile(root, manifestPath(kind, key)).problems.length === 0) {
    throw new OperatorError('invalid', `${manifest.origin}: ${path} exists and defines something else: move it away`);
  }
};

const isOrigin = (root: string, definer: Definer, manifest: Manifest): boolean =>
  resolve(root, definer.path) === resolve(manifest.origin.replace(/:\d+(:\d+)?$/, ''));

const write = async (root: string, plan: Planned, definer: Definer | undefined): Promise<Applied> => {
  const { kind, key, manifest, object } = plan;
  const name = definer?.path ?? manifestPath(kind, key);
  const path = join(root, name);
  const { labels, annotations } = object.metadata;
  const isSame =
    definer !== undefined &&
    isDeepStrictEqual(definer.spec, object.spec) &&
    isDeepStrictEqual(definer.labels, labels) &&
    isDeepStrictEqual(without(definer.annotations), without(annotations));
  if (isSame || (definer && isOrigin(root, definer, manifest))) return { kind, key, change: 'unchanged', path };
  const metadata = { ...key, labels, annotations: { ...annotations, [CLI_ANNOTATION]: 'true' } };
  // As it was written, without defaults: those may change with a newer Berth.
  const text = writeYAML({ apiVersion: API_VERSION, kind, metadata, spec: (manifest.document as Fields).spec });
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw writeError(path, error);
  }
  await writeAtomic(path, text);
  return { kind, key, change: definer ? 'configured' : 'created', path };
};

const without = (annotations: Readonly<Record<string, string>> | undefined): object => {
  const { [CLI_ANNOTATION]: _, ...others } = annotations ?? {};
  return others;
};
