// Reads the objects of a state folder fast, for the CLI: what was parsed before is kept in a cache file, and used only
// where the object's file still has the same signature. No YAML is loaded when nothing changed.
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Kind, type Kinds, keyString, PLURALS, type Resource } from '../../api/object.ts';
import { signatureOf } from './signature.ts';
import { listStateFiles, type StateFile } from './state-listing.ts';

type Entries = Readonly<Record<string, readonly [signature: string, object: Resource]>>;

/** What this process knows already, by cache file: a command may ask several times. */
const remembered = new Map<string, Entries>();

/** A smaller share of new objects than this is parsed again next time rather than written down with all the others. */
const WORTH_WRITING = 0.01;

export const listObjects = async <K extends Kind>(folder: string, kind: K): Promise<readonly Kinds[K][]> => {
  const path = pathOf(folder, kind);
  const cached = remembered.get(path) ?? readCache(path);
  const entries: Record<string, readonly [string, Resource]> = {};
  let misses = 0;
  for (const file of listStateFiles(folder, kind)) {
    const signature = signatureNow(file);
    const id = keyString(file.key);
    const known = cached[id];
    if (signature !== undefined && known?.[0] === signature && isNamed(known[1], file)) {
      entries[id] = known;
      continue;
    }
    const object = signature === undefined ? undefined : (await import('./state-files.ts')).readStateFile(file);
    if (!object || object === 'gone' || signature === undefined) continue;
    entries[id] = [signature, object];
    misses += 1;
  }
  remembered.set(path, entries);
  if (misses > WORTH_WRITING * Object.keys(entries).length) writeCache(path, entries);
  return Object.values(entries).map(([, object]) => object as Kinds[K]);
};

const signatureNow = (file: StateFile): string | undefined => {
  const stats = statSync(file.path, { bigint: true, throwIfNoEntry: false });
  return stats && signatureOf(stats);
};

const isNamed = (object: Resource, file: StateFile): boolean =>
  object.kind === file.kind && object.metadata?.name === file.key.name && object.metadata.namespace === file.key.namespace;

const pathOf = (folder: string, kind: Kind): string => join(folder, 'cache', `${PLURALS[kind]}.json`);

const readCache = (path: string): Entries => {
  try {
    const entries: unknown = JSON.parse(readFileSync(path, 'latin1'));
    return typeof entries === 'object' && entries !== null ? (entries as Entries) : {};
  } catch {
    return {};
  }
};

const writeCache = (path: string, entries: Entries): void => {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, asciiJSON(entries), { mode: 0o600 });
    renameSync(temporary, path);
  } catch {
    // Somebody else's folder, or a full disk: reading works without.
  }
};

/** With all else escaped: text of single bytes is read and parsed in half the time. */
const asciiJSON = (value: unknown): string =>
  JSON.stringify(value).replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
