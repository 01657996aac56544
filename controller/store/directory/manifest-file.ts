// Reads one file of the folder of manifests into the objects it defines. All or nothing: one wrong document refuses the file.
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorMessage } from '../../api/error.ts';
import { API_VERSION, type Kind, type ObjectKey } from '../../api/object.ts';
import type { Problem } from '../client.ts';
import { errorLine } from '../schema/error.ts';
import { admit } from '../schema.ts';
import { type ManifestDocument as Manifest, readManifests } from '../yaml/read-manifests.ts';
import type { Desired, Fields } from './merge.ts';

export interface ManifestDocument extends Desired {
  /** `kind/namespace/name`. */
  readonly id: string;
  readonly kind: Kind;
  readonly key: ObjectKey;
  readonly line: number;
  readonly column: number;
}

export interface ManifestFile {
  readonly hash: string;
  readonly documents: readonly ManifestDocument[];
  readonly problems: readonly Problem[];
  /** No line end at the end: perhaps the writer is not done. */
  readonly isCut: boolean;
}

const MAX_BYTES = 1024 * 1024;

export const objectID = (kind: Kind, key: ObjectKey): string => `${kind}/${key.namespace}/${key.name}`;

export const parseID = (id: string): { readonly kind: Kind; readonly key: ObjectKey } => {
  const [kind = '', namespace = '', name = ''] = id.split('/');
  return { kind: kind as Kind, key: { namespace, name } };
};

export const readManifestFile = (root: string, path: string): ManifestFile => {
  const content = readText(join(root, path));
  if ('message' in content) return refused('', [{ file: path, message: content.message }]);
  const hash = hashOf(content.text);
  const isCut = content.text.length > 0 && !content.text.endsWith('\n');
  const parsed = readManifests(content.text);
  if ('problem' in parsed) return { ...refused(hash, [{ file: path, ...parsed.problem }]), isCut };
  const { documents, problems } = takeDocuments(parsed.documents, path);
  return problems.length > 0 ? { ...refused(hash, problems), isCut } : { hash, documents, problems: [], isCut };
};

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

const refused = (hash: string, problems: readonly Problem[]): ManifestFile => ({ hash, documents: [], problems, isCut: false });

/** Opens without waiting: what was a file when the folder was read may be a FIFO now. */
const readText = (path: string): { readonly text: string } | { readonly message: string } => {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return { message: 'not a regular file: not read' };
    if (stats.size > MAX_BYTES) return { message: `larger than 1 MiB (${stats.size} bytes): refused whole; split it` };
    return { text: readFileSync(descriptor, 'utf8') };
  } catch (error) {
    return { message: `cannot be read: ${errorMessage(error)}` };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
};

const takeDocuments = (manifests: readonly Manifest[], path: string): Pick<ManifestFile, 'documents' | 'problems'> => {
  const documents: ManifestDocument[] = [];
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const manifest of manifests) {
    const taken = takeDocument(manifest, path);
    if (!taken) continue;
    if ('errors' in taken)
      for (const error of taken.errors) problems.push({ file: path, ...placeOf(manifest, error.path), message: error.message });
    else if (seen.has(taken.id))
      problems.push({ file: path, ...placeOf(manifest, ''), message: `${taken.id} is defined twice in this file: remove one` });
    else {
      seen.add(taken.id);
      documents.push(taken);
    }
  }
  return { documents, problems };
};

const placeOf = (manifest: Manifest, path: string): { readonly line: number; readonly column: number } => {
  const { line, column } = path === '' ? manifest : manifest.locate(path);
  return { line, column };
};

type Taken = ManifestDocument | { readonly errors: readonly { readonly path: string; readonly message: string }[] };

/** undefined for what is not ours to judge: other API groups. */
const takeDocument = (manifest: Manifest, path: string): Taken | undefined => {
  const { apiVersion, kind } = manifest.value as { readonly apiVersion?: unknown; readonly kind?: unknown };
  if (typeof apiVersion !== 'string' || !apiVersion.startsWith(`${GROUP}/`)) return undefined;
  if (apiVersion !== API_VERSION) return wrong('apiVersion', `apiVersion ${apiVersion} is not known: use ${API_VERSION}`);
  if (kind === 'VM') return wrong('kind', 'VMs are made by the controller: define a VMPool instead');
  if (kind !== 'Session' && kind !== 'VMPool') return wrong('kind', `kind ${JSON.stringify(kind)} is not known: use Session or VMPool`);
  const admission = admit(kind, manifest.value);
  if ('errors' in admission) return { errors: admission.errors.map((error) => ({ path: error.path, message: errorLine(error) })) };
  const { metadata, spec } = admission.object;
  const { labels, annotations, ...key } = metadata;
  const { line, column } = manifest;
  return { id: objectID(kind, key), kind, key, path, line, column, spec: spec as unknown as Fields, labels, annotations };
};

const wrong = (path: string, message: string): Taken => ({ errors: [{ path, message }] });

const GROUP = API_VERSION.slice(0, API_VERSION.indexOf('/'));
