// Which object files a state folder has. Apart from what reads them, which needs YAML: commands list them far more often.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorMessage, OperatorError } from '../../api/error.ts';
import { type Kind, type ObjectKey, PLURALS } from '../../api/object.ts';
import { codeOf } from './atomic-write.ts';
import { isKey } from './state-folder.ts';

export interface StateFile {
  readonly kind: Kind;
  readonly key: ObjectKey;
  readonly path: string;
}

/** Foreign names are passed over. Throws OperatorError('unavailable') where a folder cannot be listed: it is not empty for that. */
export const listStateFiles = (folder: string, kind: Kind): readonly StateFile[] => {
  const files: StateFile[] = [];
  for (const namespace of namesIn(join(folder, PLURALS[kind]))) {
    for (const file of namesIn(join(folder, PLURALS[kind], namespace))) {
      const key = { namespace, name: file.slice(0, -'.yaml'.length) };
      if (file.endsWith('.yaml') && isKey(key)) files.push({ kind, key, path: join(folder, PLURALS[kind], namespace, file) });
    }
  }
  return files;
};

const namesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith('.'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
    throw new OperatorError('unavailable', `cannot list the state folder ${folder}: ${errorMessage(error)}`, { cause: error });
  }
};
