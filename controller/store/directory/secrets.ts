// Secrets of a directory store: one file a key, readable by its owner alone, or a variable of the environment.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, OperatorError } from '../../api/error.ts';
import { keyString, type ObjectKey } from '../../api/object.ts';
import { writeAtomic, writeError } from './atomic-write.ts';
import { isKey } from './state-folder.ts';

export interface SecretName extends ObjectKey {
  readonly keys: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Files come before `BERTH_SECRET_<NAME>_<KEY>`. The variable's KEY is given in lower case with `-` for `_`, as keys are written. */
export const readSecret = (folder: string, environment: Environment, key: ObjectKey): Readonly<Record<string, string>> | undefined => {
  if (!isKey(key)) return undefined;
  const data = { ...secretFromEnvironment(environment, key.name), ...readKeys(secretFolder(folder, key)) };
  return Object.keys(data).length === 0 ? undefined : data;
};

export const listSecrets = (folder: string): readonly SecretName[] =>
  visible(join(folder, 'secrets')).flatMap((namespace) =>
    visible(join(folder, 'secrets', namespace)).map((name) => ({
      namespace,
      name,
      keys: visible(join(folder, 'secrets', namespace, name)).toSorted(),
    })),
  );

export const writeSecret = async (folder: string, key: ObjectKey, data: Readonly<Record<string, string>>): Promise<void> => {
  if (!isKey(key))
    throw new OperatorError('invalid', `${keyString(key)} is no valid name of a secret: use lower case letters, digits, '-' and '.'`);
  const wrong = Object.keys(data).find((name) => !KEY.test(name));
  if (wrong !== undefined)
    throw new OperatorError('invalid', `${JSON.stringify(wrong)} is no valid key of a secret: use letters, digits, '-', '_' and '.'`);
  const target = secretFolder(folder, key);
  try {
    await mkdir(target, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw writeError(target, error);
  }
  for (const [name, value] of Object.entries(data)) await writeAtomic(join(target, name), value, 0o600);
};

/** False when there was none. */
export const removeSecret = (folder: string, key: ObjectKey): boolean => {
  const target = secretFolder(folder, key);
  if (!isKey(key) || !existsSync(target)) return false;
  try {
    rmSync(target, { recursive: true });
    return true;
  } catch (error) {
    throw writeError(target, error);
  }
};

const KEY = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,252}$/;

const secretFolder = (folder: string, key: ObjectKey): string => join(folder, 'secrets', key.namespace, key.name);

/** One variable may be meant as `api-key` or as `API_KEY`: it is found by either. */
const secretFromEnvironment = (environment: Environment, name: string): Record<string, string> => {
  const prefix = `BERTH_SECRET_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}_`;
  const data: Record<string, string> = {};
  for (const [variable, value] of Object.entries(environment)) {
    if (value === undefined || !variable.startsWith(prefix) || variable === prefix) continue;
    const suffix = variable.slice(prefix.length);
    data[suffix] = value;
    data[suffix.toLowerCase()] = value;
    data[suffix.toLowerCase().replaceAll('_', '-')] = value;
  }
  return data;
};

const readKeys = (folder: string): Record<string, string> => {
  const data: Record<string, string> = {};
  for (const name of visible(folder)) {
    try {
      data[name] = readFileSync(join(folder, name), 'utf8');
    } catch (error) {
      throw new OperatorError('unavailable', `cannot read the secret file ${join(folder, name)}: ${errorMessage(error)}`, { cause: error });
    }
  }
  return data;
};

const visible = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith('.'));
  } catch {
    return [];
  }
};
