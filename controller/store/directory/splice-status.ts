// Puts a status into the text of a manifest, byte-exact elsewhere. Pure.
import { CST, Parser } from 'yaml';
import { writeYAML } from '../yaml/write.ts';

/**
 * `text` with the top-level `status` of the document that defines `id` (`kind/namespace/name`) replaced or added;
 * undefined where there is none that is a plain block mapping.
 */
export const spliceStatus = (text: string, id: string, status: object): string | undefined => {
  const map = documentsOf(text).find((each) => idIn(each) === id);
  if (!map) return undefined;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const block = writeYAML({ status }).replaceAll('\n', eol);
  const old = itemOf(map, 'status');
  const from = old ? startOf(old) : endOf(text, map.items.at(-1));
  const to = old ? endOf(text, old) : from;
  if (from === undefined || to === undefined) return undefined;
  const head = text.slice(0, from);
  return `${head === '' || head.endsWith('\n') ? head : head + eol}${block}${text.slice(to)}`;
};

type Item = CST.BlockMap['items'][number];

const documentsOf = (text: string): readonly CST.BlockMap[] =>
  [...new Parser().parse(text)].flatMap((token) =>
    token.type === 'document' && token.value?.type === 'block-map' && token.value.indent === 0 ? [token.value] : [],
  );

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
