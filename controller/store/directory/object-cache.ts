// Reads the objects of a state folder fast, for the CLI: what was parsed before is kept in a cache file. It stands as a
// whole while the folders are as they were, else for each object whose file still has the same signature. No YAML is
// loaded when nothing changed.
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Kind, type Kinds, keyString, PLURALS, type Resource } from '../../api/object.ts';
import { briefOf } from './brief.ts';
import { foldersSignature } from './folders-signature.ts';
import { signatureOf } from './signature.ts';
import { listStateFiles, type StateFile } from './state-listing.ts';

interface Cache {
  /** Of the folders before they were listed; absent where something could not be read or may change unseen. */
  readonly folders?: string;
  readonly objects: Objects;
}

/** By `namespace/name`. */
type Objects = Readonly<Record<string, readonly [signature: string, object: Resource]>>;

/** What this process knows already, by cache file: a command may ask several times. */
const remembered = new Map<string, Cache>();

/** A smaller share of new objects than this is parsed again next time rather than written down with all the others. */
const WORTH_WRITING = 0.01;

export const listObjects = async <K extends Kind>(folder: string, kind: K, now: number = Date.now()): Promise<readonly Kinds[K][]> =>
  valuesOf(await currentObjects(folder, kind, now));

/** As listObjects, but what no list shows may be missing. */
export const listBrief = async <K extends Kind>(folder: string, kind: K, now: number = Date.now()): Promise<readonly Kinds[K][]> => {
  const path = cachePath(folder, `${PLURALS[kind]}-brief`);
  const cached = remembered.get(path) ?? readCache(path);
  const folders = foldersSignature(join(folder, PLURALS[kind]), now);
  const isCurrent = folders !== undefined && folders === cached.folders;
  if (isCurrent) remembered.set(path, cached);
  if (isCurrent) return valuesOf(cached);
  const current = await currentObjects(folder, kind, now);
  const brief = Object.entries(current.objects).map(([id, [signature, object]]) => [id, [signature, briefOf(object)]]);
  if (current.folders !== undefined) writeCache(path, { folders: current.folders, objects: Object.fromEntries(brief) });
  return valuesOf(current);
};

const valuesOf = <K extends Kind>({ objects }: Cache): readonly Kinds[K][] =>
  Object.values(objects).map(([, object]) => object as Kinds[K]);

const cachePath = (folder: string, name: string): string => join(folder, 'cache', `${name}.json`);

const currentObjects = async (folder: string, kind: Kind, now: number): Promise<Cache> => {
  const path = cachePath(folder, PLURALS[kind]);
  const cached = remembered.get(path) ?? readCache(path);
  const folders = foldersSignature(join(folder, PLURALS[kind]), now);
  const isCurrent = folders !== undefined && folders === cached.folders;
  const current = isCurrent ? cached : await readObjects({ folder, kind, path }, cached.objects, folders);
  remembered.set(path, current);
  return current;
};

interface Listing {
  readonly folder: string;
  readonly kind: Kind;
  readonly path: string;
}

const readObjects = async ({ folder, kind, path }: Listing, cached: Objects, folders: string | undefined): Promise<Cache> => {
  const objects: Record<string, readonly [string, Resource]> = {};
  let misses = 0;
  let isComplete = true;
  for (const file of listStateFiles(folder, kind)) {
    const signature = signatureNow(file);
    const id = keyString(file.key);
    const known = cached[id];
    if (signature !== undefined && known?.[0] === signature && isNamed(known[1], file)) {
      objects[id] = known;
      continue;
    }
    const looked = signature === undefined ? {} : (await import('./state-files.ts')).lookAtStateFile(file);
    if (signature === undefined || 'problem' in looked || !looked.object) isComplete = false;
    else {
      objects[id] = [signature, looked.object];
      misses += 1;
    }
  }
  const isSettled = folders !== undefined && isComplete;
  const current = isSettled ? { folders, objects } : { objects };
  if (isSettled || misses > WORTH_WRITING * Object.keys(objects).length) writeCache(path, current);
  return current;
};

const signatureNow = (file: StateFile): string | undefined => {
  const stats = statSync(file.path, { bigint: true, throwIfNoEntry: false });
  return stats && signatureOf(stats);
};

const isNamed = (object: Resource, file: StateFile): boolean =>
  object.kind === file.kind && object.metadata?.name === file.key.name && object.metadata.namespace === file.key.namespace;

const readCache = (path: string): Cache => {
  try {
    const cache = JSON.parse(readFileSync(path, 'latin1')) as Partial<Cache> | null;
    return typeof cache?.objects === 'object' && cache.objects !== null ? { ...cache, objects: cache.objects } : { objects: {} };
  } catch {
    return { objects: {} };
  }
};

const writeCache = (path: string, cache: Cache): void => {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, asciiJSON(cache), { mode: 0o600 });
    renameSync(temporary, path);
  } catch {
    // Somebody else's folder, or a full disk: reading works without.
  }
};

/** With all else escaped: text of single bytes is read and parsed in half the time. */
const asciiJSON = (value: unknown): string =>
  JSON.stringify(value).replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
