// Reads the text of a manifest file as kubectl reads it: several documents, Lists expanded, empty documents skipped.
// A file is taken whole or not at all; what is wrong with it comes with line and column.
import { type Fields, isObject } from '../schema/node.ts';
import { type Composed, compose, type Place, YAMLError } from './compose.ts';

const MAX_BYTES = 1024 * 1024;
const MAX_DOCUMENTS = 1000;

export interface Position {
  /** Both from 1; a column counts UTF-16 units. */
  readonly line: number;
  readonly column: number;
}

export interface ManifestDocument extends Position {
  readonly value: Fields;
  /** Where a path as in error messages (`spec.env[0].name`) is written, or as much of it as there is. */
  locate(path: string): Position;
}

export interface ManifestProblem extends Partial<Position> {
  readonly message: string;
}

export type Manifests = { readonly documents: readonly ManifestDocument[] } | { readonly problem: ManifestProblem };

export function readManifests(text: string): Manifests {
  if (Buffer.byteLength(text) > MAX_BYTES)
    return { problem: { message: `the file is larger than ${MAX_BYTES / 1024 / 1024} MiB: split it` } };
  const clean = text.startsWith('\uFEFF') ? text.slice(1) : text;
  try {
    refuseMisread(clean);
    return { documents: expand(clean, compose(clean)) };
  } catch (error) {
    if (error instanceof YAMLError) return { problem: { ...position(clean, error.offset), message: error.message } };
    throw error;
  }
}

/** kubectl's YAML 1.1 breaks lines at these; our parser (1.2) does not. */
function refuseMisread(text: string): void {
  const offset = text.search(/[\u0085\u2028\u2029]/);
  if (offset < 0) return;
  const code = text.charCodeAt(offset).toString(16).toUpperCase().padStart(4, '0');
  throw new YAMLError(
    `the character U+${code} breaks a line for kubectl: write "\\u${code.toLowerCase()}" in double quotes, or leave it out`,
    offset,
  );
}

function expand(text: string, composed: readonly Composed[]): readonly ManifestDocument[] {
  const documents: ManifestDocument[] = [];
  for (const [index, { value, offset }] of composed.entries()) {
    if (value === null) continue;
    if (!isObject(value)) throw new YAMLError('a document must be a mapping with apiVersion, kind and metadata', offset);
    if (isList(value)) documents.push(...listItems(text, value.items, index, offset));
    else documents.push(documentAt(text, value, index, [], offset));
    if (documents.length > MAX_DOCUMENTS) throw new YAMLError(`more than ${MAX_DOCUMENTS} documents in a file: split it`, offset);
  }
  return documents;
}

const isList = (value: Fields): value is Fields & { readonly items: readonly unknown[] } =>
  typeof value.kind === 'string' && value.kind.endsWith('List') && Array.isArray(value.items);

function listItems(text: string, items: readonly unknown[], index: number, offset: number): readonly ManifestDocument[] {
  return items.map((item, number) => {
    if (!isObject(item)) throw new YAMLError(`item ${number} of the list must be a mapping with apiVersion, kind and metadata`, offset);
    return documentAt(text, item, index, ['items', number], offset);
  });
}

function documentAt(text: string, value: Fields, index: number, base: readonly (string | number)[], offset: number): ManifestDocument {
  const locate = (path: string): Position => position(text, find(text, index, [...base, ...steps(path)], offset));
  const start = base.length === 0 ? position(text, offset) : undefined;
  return {
    value,
    get line() {
      return (start ?? locate('')).line;
    },
    get column() {
      return (start ?? locate('')).column;
    },
    locate,
  };
}

/** Parses once more, with places: only messages need them. */
function find(text: string, index: number, path: readonly (string | number)[], offset: number): number {
  let place: Place | undefined = compose(text, true)[index];
  let found = place?.offset ?? offset;
  for (const step of path) {
    place = place?.below?.get(step);
    if (!place) break;
    found = place.offset;
  }
  return found;
}

const steps = (path: string): readonly (string | number)[] =>
  [...path.matchAll(/[^.[\]]+|\[(\d+)\]/g)].map(([name, index]) => (index === undefined ? name : Number(index)));

function position(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { line, column: offset - before.lastIndexOf('\n') };
}
