// What a stored object becomes when its file or a verb changes it. Pure. A verb's value of a field stands until the
// file's value of that field changes, so beside the value is kept what the file said when the verb came.
import { isDeepStrictEqual } from 'node:util';
import type { Resource } from '../../api/object.ts';

export const SOURCE_ANNOTATION = 'berth.dev/source';
export const VERBS_ANNOTATION = 'berth.dev/verbs';
export const BUILTIN_ANNOTATION = 'berth.dev/builtin';
export const CLI_ANNOTATION = 'berth.dev/cli';
export const DELETE_NOW_ANNOTATION = 'berth.dev/delete-now';
const ABANDON_ANNOTATION = 'berth.dev/abandon';

/** Written by the store alone; a file that has them (a copied state file) is read without them. */
const RESERVED = [SOURCE_ANNOTATION, VERBS_ANNOTATION, BUILTIN_ANNOTATION, DELETE_NOW_ANNOTATION];

export type Fields = Readonly<Record<string, unknown>>;

/** What a file says an object should be, defaults applied. */
export interface Desired {
  readonly path: string;
  readonly spec: Fields;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** `file` and `value` are absent where the field is. */
interface Verb {
  readonly file?: unknown;
  readonly value?: unknown;
}
type Verbs = Readonly<Record<string, Verb>>;

/** The parts of `stored` (undefined: a new object) that a file decides, with the verbs that still stand. */
export const mergeFile = (desired: Desired, stored: Resource | undefined): { readonly spec: Fields; readonly metadata: MergedMetadata } => {
  const standing = Object.entries(verbsOf(stored)).filter(([field, verb]) => isDeepStrictEqual(verb.file, desired.spec[field]));
  const verbs = Object.fromEntries(standing);
  return { spec: applyVerbs(desired.spec, verbs), metadata: metadataFor(desired, verbs) };
};

export interface MergedMetadata {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The spec and the remembered verbs after a merge patch (RFC 7396) of the spec. */
export const mergeVerb = (stored: Resource, patch: Fields): { readonly spec: Fields; readonly verbs: string | undefined } => {
  const spec = mergePatch(stored.spec, withInputs(stored.spec as unknown as Fields, patch)) as Fields;
  if (stored.metadata.annotations?.[SOURCE_ANNOTATION] === undefined) return { spec, verbs: undefined };
  const before = verbsOf(stored);
  const fileSpec = stored.spec as unknown as Fields;
  const verbs: Record<string, Verb> = { ...before };
  for (const field of Object.keys(patch)) {
    const file = before[field] ? before[field].file : fileSpec[field];
    verbs[field] = { ...(file === undefined ? {} : { file }), ...(spec[field] === undefined ? {} : { value: spec[field] }) };
  }
  return { spec, verbs: JSON.stringify(verbs) };
};

/**
 * `input` is a list-map by id, as server-side apply would merge it: what two people send at the same moment is typed
 * both, in the order in which it came.
 */
const withInputs = (stored: Fields, patch: Fields): Fields => {
  const { input } = patch;
  if (!Array.isArray(input) || !Array.isArray(stored.input)) return patch;
  const byID = new Map([...stored.input, ...input].map((entry: { id: string }) => [entry.id, entry]));
  return { ...patch, input: [...byID.values()] };
};

/** What an object being deleted still takes from its file: the way out of a deletion that cannot complete. */
export const abandonFrom = (desired: Desired, stored: Resource): Readonly<Record<string, string>> | undefined => {
  const value = desired.annotations?.[ABANDON_ANNOTATION];
  if (value === undefined || stored.metadata.annotations?.[ABANDON_ANNOTATION] === value) return undefined;
  return { ...stored.metadata.annotations, [ABANDON_ANNOTATION]: value };
};

/** The spec as the file alone had it: what tells a file that reappears from a changed one. */
export const fileSpecOf = (stored: Resource): Fields => {
  const spec: Record<string, unknown> = { ...(stored.spec as unknown as Fields) };
  for (const [field, verb] of Object.entries(verbsOf(stored))) {
    if (verb.file === undefined) delete spec[field];
    else spec[field] = verb.file;
  }
  return spec;
};

export const mergePatch = (target: unknown, patch: unknown): unknown => {
  if (!isFields(patch)) return patch;
  const result: Record<string, unknown> = isFields(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null || value === undefined) delete result[name];
    else result[name] = mergePatch(result[name], value);
  }
  return result;
};

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

const verbsOf = (stored: Resource | undefined): Verbs => {
  const text = stored?.metadata.annotations?.[VERBS_ANNOTATION];
  return text === undefined ? {} : (JSON.parse(text) as Verbs);
};

const applyVerbs = (spec: Fields, verbs: Verbs): Fields => {
  const result: Record<string, unknown> = { ...spec };
  for (const [field, verb] of Object.entries(verbs)) {
    if (verb.value === undefined) delete result[field];
    else result[field] = verb.value;
  }
  return result;
};

const metadataFor = (desired: Desired, verbs: Verbs): MergedMetadata => {
  const own = Object.entries(desired.annotations ?? {}).filter(([name]) => !RESERVED.includes(name));
  const remembered = Object.keys(verbs).length === 0 ? {} : { [VERBS_ANNOTATION]: JSON.stringify(verbs) };
  const annotations = { ...Object.fromEntries(own), [SOURCE_ANNOTATION]: desired.path, ...remembered };
  return { ...(desired.labels && Object.keys(desired.labels).length > 0 ? { labels: desired.labels } : {}), annotations };
};
