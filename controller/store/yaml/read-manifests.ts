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
  const source = sourceOf(text.startsWith('\uFEFF') ? text.slice(1) : text);
  try {
    refuseMisread(source.text);
    return { documents: expand(source, compose(source.text)) };
  } catch (error) {
    if (error instanceof YAMLError) return { problem: { ...source.position(error.offset), message: error.message } };
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

function expand(source: Source, composed: readonly Composed[]): readonly ManifestDocument[] {
  const documents: ManifestDocument[] = [];
  for (const [index, { value, offset }] of composed.entries()) {
    if (value === null) continue;
    if (!isObject(value)) throw new YAMLError('a document must be a mapping with apiVersion, kind and metadata', offset);
    if (isList(value)) documents.push(...listItems(source, value.items, index, offset));
    else documents.push(documentAt(source, value, [index]));
    if (documents.length > MAX_DOCUMENTS) throw new YAMLError(`more than ${MAX_DOCUMENTS} documents in a file: split it`, offset);
  }
  return documents;
}

const isList = (value: Fields): value is Fields & { readonly items: readonly unknown[] } =>
  typeof value.kind === 'string' && value.kind.endsWith('List') && Array.isArray(value.items);

function listItems(source: Source, items: readonly unknown[], index: number, offset: number): readonly ManifestDocument[] {
  return items.map((item, number) => {
    if (!isObject(item)) throw new YAMLError(`item ${number} of the list must be a mapping with apiVersion, kind and metadata`, offset);
    return documentAt(source, item, [index, 'items', number]);
  });
}

function documentAt(source: Source, value: Fields, base: Path): ManifestDocument {
  const locate = (path: string): Position => source.position(source.find([...base, ...steps(path)]));
  return {
    value,
    get line() {
      return locate('').line;
    },
    get column() {
      return locate('').column;
    },
    locate,
  };
}

const steps = (path: string): Path =>
  [...path.matchAll(/[^.[\]]+|\[(\d+)\]/g)].map(([name, index]) => (index === undefined ? name : Number(index)));

type Path = readonly (string | number)[];

interface Source {
  readonly text: string;
  position(offset: number): Position;
  /** The offset of what the path names, or of as much of it as there is; the first step is the document's number. */
  find(path: Path): number;
}

/** Only messages need places and lines: they are worked out on the first question, once for all documents. */
function sourceOf(text: string): Source {
  let lines: readonly number[] | undefined;
  let documents: readonly Place[] | undefined;
  return {
    text,
    position(offset) {
      lines ??= [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
      const line = countUpTo(lines, offset);
      return { line, column: offset - (lines[line - 1] ?? 0) + 1 };
    },
    find([document, ...path]) {
      documents ??= compose(text, true);
      let place: Place | undefined = documents[Number(document)];
      for (const step of path) {
        const below: Place | undefined = place?.below?.get(step);
        if (!below) break;
        place = below;
      }
      return place?.offset ?? 0;
    },
  };
}

/** How many of the ascending numbers are not above the limit. */
function countUpTo(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
