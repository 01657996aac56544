// Writes YAML that every reader reads alike (kubectl's YAML 1.1 and YAML 1.2), in block style and byte-stable: one way to
// write each value, fields in the order given. For manifests that people read, and for the state folder.
import { isObject } from '../schema/node.ts';
import { plainScalar } from './scalar.ts';

/** `value` is anything JSON can hold; undefined fields are left out. */
export function writeYAML(value: unknown): string {
  const lines: string[] = [];
  if (isObject(value) && fields(value).length > 0) writeObject(value, '', '', lines);
  else if (Array.isArray(value) && value.length > 0) writeList(value, '', lines);
  else writeEntry('', value, '', lines);
  return `${lines.join('\n')}\n`;
}

const fields = (value: object): readonly (readonly [string, unknown])[] => Object.entries(value).filter(([, field]) => field !== undefined);

/** `first` stands before the first field instead of the indentation: the dash of a list item. */
function writeObject(value: object, indent: string, first: string, lines: string[]): void {
  let start = first === '' ? indent : first;
  for (const [name, field] of fields(value)) {
    writeEntry(`${start}${plain(name) ?? quoted(name)}:`, field, indent, lines);
    start = indent;
  }
}

function writeList(value: readonly unknown[], indent: string, lines: string[]): void {
  for (const item of value) {
    if (isObject(item) && fields(item).length > 0) writeObject(item, `${indent}  `, `${indent}- `, lines);
    else writeEntry(`${indent}-`, item ?? null, indent, lines);
  }
}

function writeEntry(head: string, value: unknown, indent: string, lines: string[]): void {
  const space = head === '' ? '' : ' ';
  if (typeof value === 'string') {
    lines.push(`${head}${space}${text(value, `${indent}  `, head !== '')}`);
  } else if (Array.isArray(value) && value.length > 0) {
    lines.push(head);
    // A list in a list goes one level down; under a field it may stand below the field's name.
    writeList(value, head.endsWith('-') ? `${indent}  ` : indent, lines);
  } else if (isObject(value) && fields(value).length > 0) {
    lines.push(head);
    writeObject(value, `${indent}  `, '', lines);
  } else {
    lines.push(`${head}${space}${JSON.stringify(value)}`);
  }
}

const text = (value: string, indent: string, inBlock: boolean): string =>
  plain(value) ?? (inBlock ? literal(value, indent) : undefined) ?? quoted(value);

const PLAIN = /^[A-Za-z0-9/][\w./@+-]*( [\w./@+()=,;'"$%!?*&~-]+)*$/;

/** Without quotes only what no reader could take for anything but this text. */
function plain(value: string): string | undefined {
  if (value.length > 500 || !PLAIN.test(value) || /^(0[oOxXbB]?[\da-fA-F_]|[\d_.eE+-]*\d[\d_.eE+-]*$)/.test(value) || /^\d{4}-/.test(value))
    return undefined;
  return plainScalar(value) === value ? value : undefined;
}

/** Several lines, each as it is; undefined where a literal block cannot hold the text on every reader. */
function literal(value: string, indent: string): string | undefined {
  if (!value.includes('\n') || /^[ \t\n]/.test(value) || /^[ \t]+$/m.test(value) || UNPRINTABLE.test(value)) return undefined;
  const body = value.replace(/\n+$/, '');
  const ends = value.length - body.length;
  const lines = body.split('\n').map((line) => (line === '' ? '' : `${indent}${line}`));
  return `|${ends === 0 ? '-' : ends === 1 ? '' : '+'}\n${lines.join('\n')}${'\n'.repeat(Math.max(0, ends - 1))}`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]|\p{Surrogate}/u;

/** As JSON, with what YAML readers break lines at or refuse escaped too. */
const quoted = (value: string): string =>
  JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
