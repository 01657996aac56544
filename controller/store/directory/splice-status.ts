// Puts a status into the text of a manifest, byte-exact elsewhere. Pure.
import { CST, Parser } from 'yaml';
import { readManifests } from '../yaml/read-manifests.ts';
import { writeYAML } from '../yaml/write.ts';

/**
 * `text` with the top-level `status` of each document that defines one of the ids (`kind/namespace/name`) replaced or added.
 * A document that is no plain block mapping, or would come to mean anything else besides, is left as it is.
 */
export const spliceStatuses = (text: string, statuses: ReadonlyMap<string, object>): string => {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const pieces = documentsOf(text).map(({ map, start, end }) => {
    const piece = text.slice(start, end);
    const status = map && statuses.get(idIn(map) ?? '');
    const spliced = status && splice(text, { map, start, end }, writeYAML({ status }).replaceAll('\n', eol), eol);
    return spliced !== undefined && isOnlyStatus(piece, spliced) ? spliced : piece;
  });
  return pieces.join('');
};

interface Document {
  readonly map: CST.BlockMap;
  readonly start: number;
  readonly end: number;
}

const splice = (text: string, { map, start, end }: Document, block: string, eol: string): string | undefined => {
  const old = itemOf(map, 'status');
  const from = old ? startOf(old) : endOf(text, map.items.at(-1));
  const to = old ? endOf(text, old) : from;
  if (from === undefined || to === undefined) return undefined;
  const head = text.slice(start, from);
  return `${head === '' || head.endsWith('\n') ? head : head + eol}${block}${text.slice(to, end)}`;
};

/** The proof that nothing else was touched. */
const isOnlyStatus = (before: string, after: string): boolean => {
  const [left, right] = [meaning(before), meaning(after)];
  return left !== undefined && left === right;
};

const meaning = (text: string): string | undefined => {
  const read = readManifests(text);
  return 'problem' in read ? undefined : JSON.stringify(read.documents.map(({ value }) => ({ ...value, status: undefined })));
};

type Item = CST.BlockMap['items'][number];

/** All of the text, a piece for each document: what stands between two belongs to the first of them. */
const documentsOf = (text: string): readonly (Omit<Document, 'map'> & Partial<Document>)[] => {
  const documents = [...new Parser().parse(text)].filter((token) => token.type === 'document');
  const ends = [...documents.slice(1).map(({ offset }) => offset), text.length];
  let start = 0;
  return ends.map((end, index) => {
    const value = documents[index]?.value;
    const isPlain = value?.type === 'block-map' && value.indent === 0;
    const piece = { start, end, ...(isPlain && { map: value }) };
    start = end;
    return piece;
  });
};

const idIn = (map: CST.BlockMap): string | undefined => {
  const metadata = itemOf(map, 'metadata')?.value;
  const isMap = metadata?.type === 'block-map' || metadata?.type === 'flow-collection';
  const name = isMap ? textOf(itemOf(metadata, 'name')) : undefined;
  return isMap && name !== undefined
    ? `${textOf(itemOf(map, 'kind'))}/${textOf(itemOf(metadata, 'namespace')) ?? 'default'}/${name}`
    : undefined;
};

const itemOf = (map: CST.BlockMap | CST.FlowCollection, name: string): Item | undefined =>
  (map.items as readonly Item[]).find((item) => CST.isScalar(item.key) && CST.resolveAsScalar(item.key)?.value === name);

const textOf = (item: Item | undefined): string | undefined =>
  item && CST.isScalar(item.value) ? CST.resolveAsScalar(item.value)?.value : undefined;

const startOf = (item: Item | undefined): number | undefined => item?.key?.offset;

/** Past the line end of the item's last line that says something: comments after it belong to what follows. */
const endOf = (text: string, item: Item | undefined): number | undefined => {
  const start = startOf(item);
  if (start === undefined) return undefined;
  const source = CST.stringify({ ...item, start: [] }).trimEnd();
  const lineEnd = text.indexOf('\n', start + source.length);
  return lineEnd < 0 ? text.length : lineEnd + 1;
};
