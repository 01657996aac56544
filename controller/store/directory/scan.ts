// Walks the folder of manifests: which files there are now, with a signature each that changes whenever the content may have.
import { type BigIntStats, type Dirent, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { errorMessage } from '../../api/error.ts';
import type { Problem } from '../client.ts';
import { codeOf } from './atomic-write.ts';
import { signatureOf } from './signature.ts';

export interface Scan {
  /** Path below the root → signature. */
  readonly files: ReadonlyMap<string, string>;
  /** Folders that were read, below the root ('' is the root itself). */
  readonly folders: ReadonlySet<string>;
  readonly problems: readonly Problem[];
  /** Names that are there but cannot be looked into: what they defined still stands. */
  readonly unreadable: readonly string[];
  /** False when a folder could not be read: then nothing follows from what was not found. */
  readonly isComplete: boolean;
  /** True when the root holds nothing at all but dot-names. */
  readonly isEmpty: boolean;
  /** True when a .berthignore has a say. */
  readonly hasIgnores: boolean;
}

const MAX_DEPTH = 32;
const YIELD_EVERY = 1_000;
const FOREIGN = new Map([
  ['kustomization.yaml', 'a kustomization'],
  ['kustomization.yml', 'a kustomization'],
  ['Kustomization', 'a kustomization'],
  ['Chart.yaml', 'a Helm chart'],
]);

export const isForeignMarker = (name: string): boolean => FOREIGN.has(name);

export const isManifestName = (name: string): boolean => !name.startsWith('.') && /\.(ya?ml|json)$/.test(name);

/** `skip`: a folder below the root that is not ours to read (a state folder given by name). `onlyNames`: signatures are empty. */
export const scan = async (root: string, skip: string | undefined, { onlyNames = false } = {}): Promise<Scan> => {
  const walk: Walk = {
    root,
    realRoot: realpathSync(root),
    skip,
    onlyNames,
    files: new Map(),
    folders: new Set(),
    problems: [],
    unreadable: [],
    isComplete: true,
    isEmpty: true,
    hasIgnores: false,
    visits: 0,
  };
  await visitFolder(walk, '', [], 0);
  return walk;
};

interface Walk {
  readonly root: string;
  readonly realRoot: string;
  readonly skip: string | undefined;
  readonly onlyNames: boolean;
  readonly files: Map<string, string>;
  readonly folders: Set<string>;
  readonly problems: Problem[];
  readonly unreadable: string[];
  isComplete: boolean;
  isEmpty: boolean;
  hasIgnores: boolean;
  visits: number;
}

interface Ignores {
  readonly folder: string;
  readonly rules: Ignore;
}

const visitFolder = async (walk: Walk, folder: string, outer: readonly Ignores[], depth: number): Promise<void> => {
  const entries = readFolder(walk, folder);
  if (!entries) return;
  const foreign = entries.find((entry) => FOREIGN.has(entry.name));
  if (foreign) {
    const message = `this folder is ${FOREIGN.get(foreign.name)}: nothing in it is read`;
    walk.problems.push({ file: join(folder, foreign.name), message, isNotice: true });
    return;
  }
  if (depth > MAX_DEPTH) {
    walk.problems.push({ file: folder, message: `folders more than ${MAX_DEPTH} deep are not read` });
    return;
  }
  walk.folders.add(folder);
  const ignores = entries.some((entry) => entry.name === '.berthignore') ? [...outer, readIgnores(walk, folder)] : outer;
  for (const entry of entries) {
    walk.visits += 1;
    // 10,000 files take 50 ms, in which sessions must still be served.
    if (walk.visits % YIELD_EVERY === 0) await new Promise((resolve) => setImmediate(resolve));
    if (entry.name.startsWith('.')) continue;
    walk.isEmpty = false;
    await visitEntry(walk, join(folder, entry.name), entry, ignores, depth);
  }
};

const visitEntry = async (walk: Walk, path: string, entry: Dirent, ignores: readonly Ignores[], depth: number): Promise<void> => {
  if (join(walk.root, path) === walk.skip || isIgnored(path, entry.isDirectory(), ignores)) return;
  if (entry.isDirectory()) return visitFolder(walk, path, ignores, depth + 1);
  if (entry.isSymbolicLink()) return visitLink(walk, path, ignores, depth);
  if (!isManifestName(entry.name)) return;
  if (entry.isFile()) addFile(walk, path, lstatSync);
  else reject(walk, path, 'not a regular file: not read');
};

/** A link to what is read anyway says nothing new; one into a dot-folder is how Kubernetes mounts ConfigMaps. */
const visitLink = async (walk: Walk, path: string, ignores: readonly Ignores[], depth: number): Promise<void> => {
  try {
    const target = realpathSync(join(walk.root, path));
    const inside = relative(walk.realRoot, target);
    const stats = statSync(target);
    if (inside === '..' || inside.startsWith(`..${sep}`)) {
      if (stats.isDirectory() || isManifestName(path))
        reject(walk, path, `a link that leads out of the folder (to ${target}) is not followed`);
    } else if (!inside.split(sep).some((part) => part.startsWith('.'))) return;
    else if (stats.isDirectory()) await visitFolder(walk, path, ignores, depth + 1);
    else if (isManifestName(path)) addFile(walk, path, statSync);
  } catch (error) {
    if (isManifestName(path) || codeOf(error) === 'ELOOP') reject(walk, path, `a link that leads nowhere: ${errorMessage(error)}`);
  }
};

const addFile = (walk: Walk, path: string, stat: (path: string, options: { bigint: true }) => BigIntStats): void => {
  try {
    walk.files.set(path, walk.onlyNames ? '' : signatureOf(stat(join(walk.root, path), { bigint: true })));
  } catch (error) {
    // Gone since the folder was read: the next scan says so again.
    if (codeOf(error) !== 'ENOENT') reject(walk, path, errorMessage(error));
  }
};

const reject = (walk: Walk, path: string, message: string): void => {
  walk.problems.push({ file: path, message });
  walk.unreadable.push(path);
};

const readFolder = (walk: Walk, folder: string): readonly Dirent[] | undefined => {
  try {
    return readdirSync(join(walk.root, folder), { withFileTypes: true });
  } catch (error) {
    walk.isComplete = false;
    walk.problems.push({
      file: folder === '' ? walk.root : folder,
      message: `cannot be read, so nothing is deleted: ${errorMessage(error)}`,
    });
    return undefined;
  }
};

const readIgnores = (walk: Walk, folder: string): Ignores => {
  const path = join(folder, '.berthignore');
  walk.hasIgnores = true;
  try {
    return { folder, rules: ignore().add(readFileSync(join(walk.root, path), 'utf8')) };
  } catch (error) {
    walk.isComplete = false;
    walk.problems.push({ file: path, message: `cannot be read: ${errorMessage(error)}` });
    return { folder, rules: ignore() };
  }
};

const isIgnored = (path: string, isFolder: boolean, ignores: readonly Ignores[]): boolean =>
  ignores.some(({ folder, rules }) => rules.ignores(`${relative(folder, path)}${isFolder ? '/' : ''}`));
