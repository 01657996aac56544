// Builds the values of YAML documents from js-yaml's parser events, as kubectl reads them: its scalars, keys turned into
// strings, merge keys; duplicate keys are an error, and so are aliases that expand beyond measure.
import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE } from 'js-yaml';
import { plainScalar } from './scalar.ts';

const MAX_DEPTH = 32;
const TOO_DEEP = `nested more than ${MAX_DEPTH} levels deep`;
/** Values that aliases may stand for in one document, all together. */
const MAX_ALIASED = 10_000;

export class YAMLError extends Error {
  override readonly name = 'YAMLError';
  /** Into the text, in UTF-16 units. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Where a node begins, and those below it. Fields are by name, items by index. */
export interface Place {
  readonly offset: number;
  readonly below?: ReadonlyMap<string | number, Place>;
}

export interface Composed extends Place {
  readonly value: unknown;
}

interface Node extends Composed {
  /** Values in it, itself included, and levels. */
  readonly size: number;
  readonly height: number;
}

interface State {
  readonly text: string;
  readonly events: readonly Event[];
  readonly places: boolean;
  readonly anchors: Map<string, Node | undefined>;
  next: number;
  aliased: number;
}

/** Throws YAMLError. `places` asks for what lies below each node: it costs as much as the values. */
export function compose(text: string, places = false): readonly Composed[] {
  const state: State = { text, events: events(text), places, anchors: new Map(), next: 0, aliased: 0 };
  const documents: Composed[] = [];
  while (state.next < state.events.length) {
    state.next++;
    state.anchors.clear();
    state.aliased = 0;
    while (state.events[state.next]?.type !== EVENT_ID.POP && state.next < state.events.length) documents.push(node(state, 1));
    state.next++;
  }
  return documents;
}

function events(text: string): readonly Event[] {
  try {
    return parseEvents(text, { maxDepth: MAX_DEPTH * 2 });
  } catch (error) {
    const { reason, mark, message } = error as { reason?: string; mark?: { position: number }; message: string };
    const said = reason ?? message;
    throw new YAMLError(said.includes('maxDepth') ? TOO_DEEP : said, mark?.position ?? 0);
  }
}

function node(state: State, depth: number): Node {
  const event = state.events[state.next++];
  if (event === undefined || event.type === EVENT_ID.POP || event.type === EVENT_ID.DOCUMENT)
    throw new YAMLError('the document ends too early', state.text.length);
  if (event.type === EVENT_ID.ALIAS) return alias(state, state.text.slice(event.anchorStart, event.anchorEnd), event.anchorStart, depth);
  const anchor = event.anchorStart < 0 ? undefined : state.text.slice(event.anchorStart, event.anchorEnd);
  if (anchor !== undefined) state.anchors.set(anchor, undefined);
  const offset = event.type === EVENT_ID.SCALAR ? event.valueStart : event.start;
  if (depth > MAX_DEPTH && event.type !== EVENT_ID.SCALAR) throw new YAMLError(TOO_DEEP, offset);
  const made =
    event.type === EVENT_ID.SCALAR
      ? { value: scalar(state.text, event), offset: Math.max(0, offset), size: 1, height: 1 }
      : event.type === EVENT_ID.MAPPING
        ? mapping(state, offset, depth)
        : sequence(state, offset, depth);
  if (anchor !== undefined) state.anchors.set(anchor, made);
  return made;
}

function alias(state: State, name: string, offset: number, depth: number): Node {
  if (!state.anchors.has(name)) throw new YAMLError(`unknown anchor '${name}' referenced`, offset);
  const made = state.anchors.get(name);
  if (!made) throw new YAMLError(`anchor '${name}' value contains itself`, offset);
  state.aliased += made.size;
  if (state.aliased > MAX_ALIASED) throw new YAMLError(`aliases stand for more than ${MAX_ALIASED} values: write them out`, offset);
  if (depth + made.height - 1 > MAX_DEPTH + 1) throw new YAMLError(TOO_DEEP, offset);
  return made;
}

type ScalarEvent = Extract<Event, { type: typeof EVENT_ID.SCALAR }>;

function scalar(text: string, event: ScalarEvent): unknown {
  const raw = event.valueStart < 0 ? '' : getScalarValue(text, event);
  try {
    if (event.tagStart >= 0) return tagged(text.slice(event.tagStart, event.tagEnd), raw);
    return event.style === SCALAR_STYLE.PLAIN ? plainScalar(raw) : raw;
  } catch (error) {
    throw new YAMLError(error instanceof Error ? error.message : String(error), Math.max(event.valueStart, event.tagStart));
  }
}

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  '!!int': Number.isInteger,
  '!!float': (value) => typeof value === 'number',
  '!!bool': (value) => typeof value === 'boolean',
  '!!null': (value) => value === null,
};

function tagged(tag: string, raw: string): unknown {
  if (tag === '!!str' || tag === '!') return raw;
  if (tag === '!!binary') return Buffer.from(raw, 'base64').toString();
  const fits = TYPES[tag];
  if (!fits) throw new Error(`the tag ${tag} is not known: leave it out`);
  const value = plainScalar(raw);
  if (!fits(value)) throw new Error(`cannot read '${raw}' as ${tag}`);
  return value;
}

function sequence(state: State, offset: number, depth: number): Node {
  const value: unknown[] = [];
  const below = state.places ? new Map<number, Place>() : undefined;
  let size = 1;
  let height = 0;
  while (state.events[state.next]?.type !== EVENT_ID.POP) {
    const item = node(state, depth + 1);
    below?.set(value.length, item);
    value.push(item.value);
    size += item.size;
    height = Math.max(height, item.height);
  }
  state.next++;
  return { value, offset, ...(below && { below }), size, height: height + 1 };
}

function mapping(state: State, offset: number, depth: number): Node {
  const value: Record<string, unknown> = {};
  const below = state.places ? new Map<string, Place>() : undefined;
  const merged: Node[] = [];
  let size = 1;
  let height = 0;
  for (let event = state.events[state.next]; event && event.type !== EVENT_ID.POP; event = state.events[state.next]) {
    const key = node(state, depth + 1);
    const entry = node(state, depth + 1);
    size += entry.size;
    height = Math.max(height, entry.height);
    if (key.value === '<<' && event.type === EVENT_ID.SCALAR && event.style === SCALAR_STYLE.PLAIN)
      merged.push({ ...entry, offset: key.offset });
    else put(value, keyOf(key), entry.value, key.offset);
    below?.set(String(key.value), entry.below ? { offset: key.offset, below: entry.below } : key);
  }
  state.next++;
  for (const each of merged) merge(value, each.value, each.offset);
  return { value, offset, ...(below && { below }), size, height: height + 1 };
}

function keyOf({ value, offset }: Node): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new YAMLError('a key must be a string, a number or a bool', offset);
}

function put(into: Record<string, unknown>, key: string, value: unknown, offset: number): void {
  if (Object.hasOwn(into, key)) throw new YAMLError(`key "${key}" is already set: remove one of the two`, offset);
  // `__proto__` as a key is data like any other.
  if (key === '__proto__') Object.defineProperty(into, key, { value, enumerable: true, configurable: true, writable: true });
  else into[key] = value;
}

/** What the mapping says itself stands, wherever the merge is written; of several merged ones the first stands. */
function merge(into: Record<string, unknown>, source: unknown, offset: number): void {
  for (const each of Array.isArray(source) ? source : [source]) {
    if (typeof each !== 'object' || each === null || Array.isArray(each))
      throw new YAMLError('map merge requires map or sequence of maps as the value', offset);
    for (const [key, value] of Object.entries(each)) if (!Object.hasOwn(into, key)) put(into, key, value, offset);
  }
}
