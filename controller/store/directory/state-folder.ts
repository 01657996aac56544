// Where a directory store keeps its authoritative state, and how that folder is laid out.
import { accessSync, constants, existsSync, mkdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { OperatorError } from '../../api/error.ts';
import { type Kind, type ObjectKey, PLURALS } from '../../api/object.ts';
import { writeError } from './atomic-write.ts';
import { gitFolder } from './git.ts';

export interface StateLocation {
  /** `--state`. */
  readonly state?: string | undefined;
  /** `$XDG_STATE_HOME/berth`. */
  readonly stateHome: string;
}

/** The state folder of the manifests in `root`; it need not exist. What exists is kept to, so that no session is lost by `git init`. */
export const stateFolderFor = (root: string, location: StateLocation): string => {
  if (location.state !== undefined) return resolve(location.state);
  const inside = join(root, '.berth');
  if (isOurs(inside) && isWritable(inside)) return inside;
  const outside = join(location.stateHome, hashOf(realPath(root)));
  if (isOurs(outside)) return outside;
  return isWritable(root) && gitFolder(root) === undefined ? inside : outside;
};

/** Makes the folder if need be. The returned check throws once the folder is not the one that was opened (moved, replaced). */
export const makeStateFolder = (folder: string): (() => void) => {
  try {
    // All at once: later only folders of namespaces are made, so that a folder that was moved away is not made anew.
    for (const name of ['requests', ...Object.values(PLURALS)]) mkdirSync(join(folder, name), { recursive: true });
    if (!existsSync(join(folder, '.gitignore'))) writeFileSync(join(folder, '.gitignore'), IGNORE);
  } catch (error) {
    throw writeError(folder, error);
  }
  const opened = statSync(folder);
  return () => {
    const now = statSync(folder, { throwIfNoEntry: false });
    if (now?.ino === opened.ino && now.dev === opened.dev) return;
    throw new OperatorError(
      'unavailable',
      `the state folder ${folder} was moved or replaced: put it back, or restart the controller to begin anew`,
    );
  };
};

export const objectPath = (folder: string, kind: Kind, key: ObjectKey): string =>
  join(folder, PLURALS[kind], key.namespace, `${key.name}.yaml`);

export const tombstonePath = (folder: string, kind: Kind, key: ObjectKey): string => objectPath(join(folder, 'tombstones'), kind, key);

/** Names become paths: this is what keeps `../` out of them. */
export const isKey = (key: ObjectKey): boolean => NAME.test(key.name) && key.name.length <= 253 && NAMESPACE.test(key.namespace);

const IGNORE = '*\n';
const NAME = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;
const NAMESPACE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Not imported: loading it takes 5 ms of every start, and most folders need no name made up. */
const hashOf = (text: string): string =>
  process.getBuiltinModule('node:crypto').createHash('sha256').update(text).digest('hex').slice(0, 16);

const isOurs = (folder: string): boolean => {
  try {
    return readFileSync(join(folder, '.gitignore'), 'utf8') === IGNORE;
  } catch {
    return false;
  }
};

const isWritable = (folder: string): boolean => {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return !existsSync(folder) && folder !== dirname(folder) && isWritable(dirname(folder));
  }
};

const realPath = (path: string): string => {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
};
