// `berth delete` in a folder: the request first, then the CLI's own file, so that a crash in between leaves a request that
// still holds. A user's own file is the user's to remove.
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { OperatorError } from '../../api/error.ts';
import { type Kind, keyString, type ObjectKey } from '../../api/object.ts';
import { codeOf, writeError } from './atomic-write.ts';
import { findDefiner } from './find-definer.ts';
import { objectID } from './manifest-file.ts';
import { BUILTIN_ANNOTATION, CLI_ANNOTATION } from './merge.ts';
import { writeRequest } from './requests.ts';
import { readStateFile } from './state-files.ts';
import { objectPath } from './state-folder.ts';

export interface Removal {
  readonly kind: Kind;
  readonly key: ObjectKey;
  readonly now: boolean;
}

export const requestRemoval = async (root: string, folder: string, removal: Removal, now: number): Promise<void> => {
  const { kind, key } = removal;
  const id = objectID(kind, key);
  const object = readStateFile({ kind, key, path: objectPath(folder, kind, key) });
  if (object?.metadata.annotations?.[BUILTIN_ANNOTATION] !== undefined) {
    throw new OperatorError('denied', `${kind} ${keyString(key)} is built in: define a pool of that name to replace it`);
  }
  const definer = (await findDefiner(root, folder, [id])).get(id);
  if (definer && !(definer.isAlone && definer.annotations?.[CLI_ANNOTATION] !== undefined)) {
    throw new OperatorError('denied', `${kind} ${keyString(key)} is defined in ${join(root, definer.path)}: remove it there`);
  }
  await writeRequest(folder, { verb: 'delete', kind, key, now: removal.now, ...(object ? { uid: object.metadata.uid } : {}) }, now);
  if (definer) await removeFile(join(root, definer.path));
};

const removeFile = async (path: string): Promise<void> => {
  try {
    await unlink(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw writeError(path, error);
  }
};
