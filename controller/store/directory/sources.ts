// What is known of each manifest file: the content last read, and which objects it defines. A file is read once its
// signature has stood still; one that cannot be taken keeps defining what it last defined.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../client.ts';
import { type ManifestDocument, type ManifestFile, readManifestFile } from './manifest-file.ts';
import { signatureOf } from './signature.ts';
import type { IndexedFile } from './source-index.ts';

/** Two looks that see the same, so far apart, mean that nobody is writing. A file that seems cut has twice as long. */
const SETTLE_MS = 150;

export interface Sources {
  /** Files seen are there; `now` is monotonic. */
  observe(path: string, signature: string, now: number): void;
  forget(path: string): void;
  readonly paths: Iterable<string>;
  has(path: string): boolean;
  /** Reads what has settled. */
  read(now: number): Promise<SourcesRead>;
  /** Files that define the object, sorted. */
  definers(id: string): readonly string[];
  /** What the file says of the object; undefined when the file is not as it was read (it will be read again). */
  document(path: string, id: string): ManifestDocument | undefined;
  hash(path: string): string | undefined;
  /** The objects that the file defines, or defined when it could last be taken. */
  defined(path: string): readonly string[];
  /** The file was rewritten by ourselves: nothing in it changed for us. */
  rewritten(path: string, file: { readonly signature: string; readonly hash: string }): void;
  problems(): readonly Problem[];
  index(isInEffect: (id: string) => boolean): ReadonlyMap<string, IndexedFile>;
}

export interface SourcesRead {
  /** Objects that some file now says something else about, or nothing. */
  readonly changed: ReadonlySet<string>;
  /** When the next file will have settled. */
  readonly nextAt?: number;
}

interface Source {
  signature: string;
  since: number;
  readSignature?: string;
  hash?: string;
  ids: readonly string[];
  problems: readonly Problem[];
}

export interface SourcesOptions {
  readonly root: string;
  readonly indexed: ReadonlyMap<string, IndexedFile>;
  /** What a file defined as far as the stored objects tell, for one that was never read whole. */
  readonly storedIDs: (path: string) => readonly string[];
  readonly onDefiners: (id: string, isDefined: boolean) => void;
}

const YIELD_EVERY = 50;

export const createSources = (options: SourcesOptions): Sources => {
  const { root } = options;
  const sources = new Map<string, Source>();
  const unread = new Set<string>();
  const documents = new Map<string, readonly ManifestDocument[]>();
  const definers = createDefiners(options.onDefiners);
  const dropped = new Set<string>();

  const adopt = (path: string, source: Source, ids: readonly string[]): void => {
    for (const id of source.ids) if (!ids.includes(id)) definers.remove(id, path);
    for (const id of ids) definers.add(id, path);
    source.ids = ids;
  };
  const readOne = (path: string, source: Source, file: ManifestFile): readonly string[] => {
    source.readSignature = source.signature;
    source.problems = file.problems;
    if (file.problems.length > 0) {
      if (source.hash === undefined) adopt(path, source, [...new Set([...source.ids, ...options.storedIDs(path)])]);
      return [];
    }
    if (file.hash === source.hash) return [];
    const ids = file.documents.map((document) => document.id);
    const before = source.ids;
    documents.set(path, file.documents);
    adopt(path, source, ids);
    source.hash = file.hash;
    return [...before, ...ids];
  };

  /** Reads the file if it may be read; returns when, if it is too early. */
  const take = (path: string, now: number, changed: Set<string>): number | undefined => {
    const source = sources.get(path);
    if (!source) return undefined;
    const settledAt = readyTime(root, path, source, now);
    if (settledAt > now) return settledAt;
    const file = readManifestFile(root, path);
    const readyAt = source.since + (file.isCut ? 2 : 1) * SETTLE_MS;
    if (readyAt > now) return readyAt;
    for (const id of readOne(path, source, file)) changed.add(id);
    return undefined;
  };

  return {
    paths: { [Symbol.iterator]: () => sources.keys() },
    has: (path) => sources.has(path),
    definers: definers.of,
    hash: (path) => sources.get(path)?.hash,
    defined: (path) => sources.get(path)?.ids ?? [],
    observe: (path, signature, now) => {
      const source = sources.get(path) ?? fromIndex(options.indexed.get(path), signature, now);
      if (!sources.has(path)) {
        sources.set(path, source);
        for (const id of source.ids) definers.add(id, path);
      }
      if (source.signature !== signature) {
        source.signature = signature;
        source.since = now;
      }
      if (source.readSignature !== signature) unread.add(path);
    },
    forget: (path) => {
      for (const id of sources.get(path)?.ids ?? []) {
        definers.remove(id, path);
        dropped.add(id);
      }
      sources.delete(path);
      unread.delete(path);
      documents.delete(path);
    },
    read: async (now) => {
      documents.clear();
      const changed = new Set(dropped);
      dropped.clear();
      let nextAt = Number.POSITIVE_INFINITY;
      for (const [count, path] of [...unread].entries()) {
        const readyAt = take(path, now, changed);
        if (readyAt === undefined) unread.delete(path);
        else nextAt = Math.min(nextAt, readyAt);
        if (count % YIELD_EVERY === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      return { changed, ...(nextAt < Number.POSITIVE_INFINITY ? { nextAt } : {}) };
    },
    document: (path, id) => {
      const known = documents.get(path) ?? reread(root, path, sources.get(path)?.hash);
      if (known) documents.set(path, known);
      return known?.find((document) => document.id === id);
    },
    rewritten: (path, file) => {
      const source = sources.get(path);
      if (!source) return;
      Object.assign(source, { signature: file.signature, readSignature: file.signature, hash: file.hash });
      unread.delete(path);
    },
    problems: () => [...sources.values()].flatMap((source) => source.problems),
    index: (isInEffect) => {
      const sound = [...sources].flatMap(([path, { signature, readSignature, hash, ids, problems }]) =>
        hash !== undefined && signature === readSignature && problems.length === 0 && ids.every(isInEffect)
          ? [[path, { signature, hash, ids }] as const]
          : [],
      );
      return new Map(sound);
    },
  };
};

const fromIndex = (indexed: IndexedFile | undefined, signature: string, now: number): Source =>
  indexed?.signature === signature
    ? { signature, since: now, readSignature: signature, hash: indexed.hash, ids: indexed.ids, problems: [] }
    : { signature, since: now, ids: indexed?.ids ?? [], problems: [] };

/** When the file may be read; starts anew when the file is just being written. */
const readyTime = (root: string, path: string, source: Source, now: number): number => {
  if (now - source.since < SETTLE_MS) return source.since + SETTLE_MS;
  const stats = statSync(join(root, path), { bigint: true, throwIfNoEntry: false });
  const signature = stats ? signatureOf(stats) : source.signature;
  if (signature === source.signature) return now;
  source.signature = signature;
  source.since = now;
  return now + SETTLE_MS;
};

const reread = (root: string, path: string, hash: string | undefined): readonly ManifestDocument[] | undefined => {
  const file = readManifestFile(root, path);
  return file.hash === hash && file.problems.length === 0 ? file.documents : undefined;
};

interface Definers {
  readonly of: (id: string) => readonly string[];
  add(id: string, path: string): void;
  remove(id: string, path: string): void;
}

const createDefiners = (onDefiners: (id: string, isDefined: boolean) => void): Definers => {
  const paths = new Map<string, readonly string[]>();
  return {
    of: (id) => paths.get(id) ?? [],
    add: (id, path) => {
      const before = paths.get(id) ?? [];
      if (!before.includes(path)) paths.set(id, [...before, path].toSorted());
      onDefiners(id, true);
    },
    remove: (id, path) => {
      const left = (paths.get(id) ?? []).filter((other) => other !== path);
      if (left.length > 0) paths.set(id, left);
      else if (paths.delete(id)) onDefiners(id, false);
    },
  };
};
