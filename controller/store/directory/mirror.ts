// Writes sessions' status into the user's own files: only while the file is exactly what was read, and never so that it
// counts as a change of the user's.
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../../api/clock.ts';
import { keyOf, type Resource } from '../../api/object.ts';
import { readManifests } from '../yaml/read-manifests.ts';
import { hashOf, objectID, parseID } from './manifest-file.ts';
import { SOURCE_ANNOTATION } from './merge.ts';
import type { Objects } from './objects.ts';
import { signatureOf } from './signature.ts';
import type { Sources } from './sources.ts';
import { spliceStatus } from './splice-status.ts';

export interface Mirror {
  add(object: Resource): void;
  close(): Promise<void>;
}

export interface MirrorOptions {
  readonly root: string;
  readonly objects: Objects;
  readonly sources: Sources;
  readonly clock: Clock;
}

/** Gathers the changes of one file. */
const DELAY_MS = 100;

export const createMirror = ({ root, objects, sources, clock }: MirrorOptions): Mirror => {
  const waiting = new Map<string, Set<string>>();
  let cancel: (() => void) | undefined;
  const flush = (): void => {
    cancel = undefined;
    for (const [path, ids] of waiting) {
      const statuses = [...ids].flatMap((id) => statusOf(objects, id));
      const written = rewrite(join(root, path), path, sources.hash(path), statuses);
      if (written) sources.rewritten(path, written);
    }
    waiting.clear();
  };
  return {
    add: (object) => {
      const path = object.metadata.annotations?.[SOURCE_ANNOTATION];
      if (path === undefined) return;
      waiting.set(path, (waiting.get(path) ?? new Set()).add(objectID(object.kind, keyOf(object))));
      cancel ??= clock.after(DELAY_MS, flush);
    },
    close: async () => {
      cancel?.();
      flush();
    },
  };
};

interface StatusOf {
  readonly id: string;
  readonly status: object;
}

const statusOf = (objects: Objects, id: string): readonly StatusOf[] => {
  const { kind, key } = parseID(id);
  const status = objects.get(kind, key)?.status;
  return status ? [{ id, status }] : [];
};

/** undefined when the file is left alone. */
const rewrite = (
  path: string,
  name: string,
  hash: string | undefined,
  statuses: readonly StatusOf[],
): { signature: string; hash: string } | undefined => {
  try {
    const stats = lstatSync(path);
    // Another name of the same file would be left with the old content.
    if (name.endsWith('.json') || !stats.isFile() || stats.nlink > 1) return undefined;
    accessSync(path, constants.W_OK);
    const text = readFileSync(path, 'utf8');
    if (hashOf(text) !== hash) return undefined;
    const next = withStatuses(text, statuses);
    if (next === undefined || next === text) return undefined;
    replace(path, next, stats.mode);
    return { signature: signatureOf(lstatSync(path, { bigint: true })), hash: hashOf(next) };
  } catch {
    // A convenience: the status itself is in the state folder.
    return undefined;
  }
};

const withStatuses = (text: string, statuses: readonly StatusOf[]): string | undefined => {
  let next = text;
  for (const { id, status } of statuses) {
    const spliced = spliceStatus(next, id, status);
    if (spliced !== undefined && isOnlyStatus(next, spliced)) next = spliced;
  }
  return next;
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

/** Synchronous to the end: no event of it can be looked at before it is known to be ours. */
const replace = (path: string, text: string, mode: number): void => {
  const temporary = join(dirname(path), `.${basename(path)}.berth-tmp`);
  const descriptor = openSync(temporary, 'wx', mode & 0o777);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
    chmodSync(temporary, mode & 0o777);
    renameSync(temporary, path);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  } finally {
    closeSync(descriptor);
  }
};
