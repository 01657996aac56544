// Finds the fields that a schema does not have. The API server would prune them; kubectl asks it to refuse them instead.
import type { FieldError } from './error.ts';
import { isObject, type Schema } from './node.ts';

const NO_FIELDS: Readonly<Record<string, Schema>> = {};

export function unknownFields(value: unknown, schema: Schema | undefined, path: string, found: FieldError[] = []): readonly FieldError[] {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) unknownFields(item, schema?.items, `${path}[${index}]`, found);
  } else if (isObject(value)) {
    const known = schema?.properties ?? NO_FIELDS;
    for (const name of Object.keys(value)) {
      const at = path === '' ? name : `${path}.${name}`;
      if (Object.hasOwn(known, name)) unknownFields(value[name], known[name], at, found);
      else found.push(unknownField(at, name, Object.keys(known)));
    }
  }
  return found;
}

export function unknownField(path: string, name: string, known: readonly string[]): FieldError {
  const meant = nearest(name, known);
  const hint = meant === undefined ? '' : ` (did you mean "${meant}"?)`;
  return { type: 'Unknown', path, message: `unknown field "${path}"${hint}` };
}

/** The known name at the fewest edits (case ignored), when that is few enough to be a slip. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(name.length / 3));
  const scored = known.map((candidate) => ({ candidate, edits: edits(name.toLowerCase(), candidate.toLowerCase()) }));
  return scored.filter((each) => each.edits <= limit).sort((a, b) => a.edits - b.edits)[0]?.candidate;
}

function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const swap = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
