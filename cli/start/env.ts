// `--env K=V` and `--env-from-secret [VAR=]NAME[/KEY]` as entries of a session's env.
import { usageError } from '../error.ts';
import type { EnvEntry } from './agent-env.ts';

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

export const parseEnv = (texts: readonly string[]): readonly EnvEntry[] =>
  texts.map((text) => {
    const equals = text.indexOf('=');
    const name = text.slice(0, equals);
    if (equals < 1 || !VARIABLE.test(name)) throw usageError(`--env: "${text}" is not NAME=VALUE`);
    return { name, value: text.slice(equals + 1) };
  });

/** `keysOf` tells the keys of a secret; undefined when there is none. */
export const parseEnvFromSecret = (
  texts: readonly string[],
  keysOf: (secret: string) => readonly string[] | undefined,
  invokedAs: string,
): readonly EnvEntry[] =>
  texts.flatMap((text) => {
    const [, variable, name = '', key] = /^(?:([^=/]+)=)?([^/=]+)(?:\/([^/=]+))?$/.exec(text) ?? [];
    if (name === '' || (variable !== undefined && key === undefined))
      throw usageError(`--env-from-secret: "${text}" is not NAME, NAME/KEY or VAR=NAME/KEY`);
    const keys = key === undefined ? keysOf(name) : [key];
    if (keys === undefined)
      throw usageError(`--env-from-secret: there is no secret "${name}"`, `Make it with '${invokedAs} secret set ${name} KEY'.`);
    return keys.map((each) => ({ name: variable ?? variableOf(each), secretRef: { name, key: each } }));
  });

/** A key that is no variable's name becomes one: `api-key` is API_KEY. */
const variableOf = (key: string): string =>
  VARIABLE.test(key)
    ? key
    : key
        .toUpperCase()
        .replaceAll(/[^A-Z0-9_]/g, '_')
        .replace(/^(?=\d)/, '_');
