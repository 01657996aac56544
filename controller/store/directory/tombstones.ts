// What is remembered of removed objects, so that a finished session never runs again because its file still stands or
// comes back.
import { readFileSync, statSync, unlinkSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isTrue } from '../../api/condition.ts';
import type { OperatorError } from '../../api/error.ts';
import { type Kind, keyOf, type ObjectKey, type Resource } from '../../api/object.ts';
import type { Problem } from '../client.ts';
import { removeDurably, writeAtomic, writeError } from './atomic-write.ts';
import { encodeResource } from './codec.ts';
import { type Fields, fileSpecOf } from './merge.ts';
import { lookAtStateFile } from './state-files.ts';
import { tombstonePath } from './state-folder.ts';
import { listStateFiles, type StateFile } from './state-listing.ts';

/** On an object in a tombstone: its file stood when it was removed, and has stood since. */
const FILE_STOOD_ANNOTATION = 'berth.dev/file-stood';

export const DEFAULT_RETENTION_MS = 7 * 24 * 3_600_000;

export interface Tombstone {
  readonly object: Resource;
  readonly fileStood: boolean;
}

export const buryObject = async (folder: string, object: Resource, fileStood: boolean): Promise<void> => {
  const path = tombstonePath(folder, object.kind, keyOf(object));
  await mkdir(dirname(path), { recursive: true });
  const { [FILE_STOOD_ANNOTATION]: _, ...annotations } = { ...object.metadata.annotations };
  const marked = fileStood ? { ...annotations, [FILE_STOOD_ANNOTATION]: 'true' } : annotations;
  await writeAtomic(path, encodeResource({ ...object, metadata: { ...object.metadata, annotations: marked } }));
};

/** Without a tombstone: there is none. A problem: nobody knows whether its object is to stay gone. */
export const lookAtTombstone = (
  folder: string,
  kind: Kind,
  key: ObjectKey,
): { readonly tombstone?: Tombstone } | { readonly problem: Problem } => {
  const path = tombstonePath(folder, kind, key);
  const looked = mayBeThere(path) ? lookAtStateFile({ kind, key, path }) : {};
  if ('problem' in looked) return looked;
  if (!looked.object) return {};
  const { object } = looked;
  const { [FILE_STOOD_ANNOTATION]: stood, ...annotations } = { ...object.metadata.annotations };
  return { tombstone: { object: { ...object, metadata: { ...object.metadata, annotations } }, fileStood: stood !== undefined } };
};

/** Most names have none, and a look is cheaper than a read that fails. */
const mayBeThere = (path: string): boolean => {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
};

/** Those whose file is thought to stand, but for those that `isDefined`: known without decoding them. */
export const standingTombstones = (folder: string, isDefined: (kind: Kind, key: ObjectKey) => boolean): readonly StateFile[] =>
  listTombstones(folder).filter(({ kind, key, path }) => !isDefined(kind, key) && mentions(path, FILE_STOOD_ANNOTATION));

export const removeTombstone = (folder: string, kind: Kind, key: ObjectKey): Promise<void> =>
  removeDurably(tombstonePath(folder, kind, key));

/** What a file that defines a name with a tombstone means. Pure. */
export const meaningOf = (tombstone: Tombstone | undefined, spec: Fields): 'new' | 'stays gone' | 'restored' => {
  if (!tombstone || !isDeepStrictEqual(fileSpecOf(tombstone.object), spec)) return 'new';
  if (tombstone.fileStood) return 'stays gone';
  return isFinished(tombstone.object) ? 'restored' : 'new';
};

/** As it was when it ended, ready to be stored again. */
export const restoredFrom = (tombstone: Tombstone): Resource => {
  const { deletionTimestamp: _, finalizers: __, ...metadata } = tombstone.object.metadata;
  return { ...tombstone.object, metadata };
};

/**
 * Removes tombstones older than `retentionMs`, but those that `isNeeded` (their file stands). One that looks old for the
 * first time is only returned, for the next call: a clock that jumped ahead for a while removes nothing. So is one that
 * cannot be removed, and why.
 */
export const expireTombstones = (
  folder: string,
  at: { readonly now: number; readonly retentionMs: number; readonly suspects: ReadonlySet<string> },
  isNeeded: (kind: Kind, key: ObjectKey) => boolean,
): { readonly suspects: ReadonlySet<string>; readonly failures: readonly OperatorError[] } => {
  const suspects = new Set<string>();
  const failures: OperatorError[] = [];
  for (const { kind, key, path } of listTombstones(folder)) {
    try {
      const stats = statSync(path, { throwIfNoEntry: false });
      if (!stats || at.now - stats.mtimeMs < at.retentionMs || isNeeded(kind, key)) continue;
      if (at.suspects.has(path)) unlinkSync(path);
      else suspects.add(path);
    } catch (error) {
      suspects.add(path);
      failures.push(writeError(path, error));
    }
  }
  return { suspects, failures };
};

const listTombstones = (folder: string): readonly StateFile[] =>
  (['Session', 'VMPool'] as const).flatMap((kind) => listStateFiles(join(folder, 'tombstones'), kind));

const mentions = (path: string, text: string): boolean => {
  try {
    return readFileSync(path, 'utf8').includes(text);
  } catch {
    return false;
  }
};

const isFinished = (object: Resource): boolean => object.kind === 'Session' && isTrue(object.status?.conditions, 'Finished');
