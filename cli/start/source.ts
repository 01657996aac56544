// `--repo PATH|URL[#REF]` as a session's source.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SessionSpec } from '../../controller/api/types.generated.ts';
import { usageError } from '../error.ts';

const REMOTE = /^(?:[a-z][a-z0-9+.-]*:\/\/|[^/\s:]+@[^/\s:]+:)/i;

export interface RepoOptions {
  readonly cwd: string;
  /** Whether the sessions run on this machine, where a path means the same. */
  readonly local: boolean;
}

export const parseRepo = (text: string, { cwd, local }: RepoOptions): NonNullable<SessionSpec['source']> => {
  const { place, ref } = REMOTE.test(text) || !existsSync(resolve(cwd, text)) ? splitRef(text) : { place: text, ref: undefined };
  const git = (url: string) => ({ git: { url, ...(ref === undefined ? {} : { ref }) } });
  if (REMOTE.test(place)) return git(place);
  const path = resolve(cwd, place);
  if (!existsSync(path)) throw usageError(`--repo: ${path} does not exist`);
  if (!existsSync(resolve(path, '.git')) && !existsSync(resolve(path, 'HEAD'))) throw usageError(`--repo: ${path} is not a Git repository`);
  if (!local) throw usageError('--repo: a path can be used only in a pool on this machine', 'Push the repository and give its URL.');
  return git(pathToFileURL(path).href);
};

const splitRef = (text: string): { readonly place: string; readonly ref: string | undefined } => {
  const hash = text.lastIndexOf('#');
  return hash === -1 ? { place: text, ref: undefined } : { place: text.slice(0, hash), ref: text.slice(hash + 1) };
};
