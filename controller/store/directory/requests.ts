// Verbs on their way from the CLI to the controller: one file each, which appears whole (rename) and is removed once its
// effect is on disk. So each is taken at least once, and folding one in again changes nothing.
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, OperatorError } from '../../api/error.ts';
import { type Kind, type ObjectKey, PLURALS } from '../../api/object.ts';
import { codeOf, writeAtomic, writeError } from './atomic-write.ts';
import type { Fields } from './merge.ts';
import { isKey } from './state-folder.ts';

export type Request =
  | { readonly verb: 'patch'; readonly kind: Kind; readonly key: ObjectKey; readonly patch: Fields }
  | { readonly verb: 'delete'; readonly kind: Kind; readonly key: ObjectKey; readonly uid?: string; readonly now: boolean }
  | { readonly verb: 'confirmPrune' };

export interface RequestFile {
  readonly path: string;
  /** Absent for a file that is none of ours, and for one that cannot be read. */
  readonly request?: Request;
  /** Why the file cannot be read now. */
  readonly error?: OperatorError;
}

/** Durable on return. `now` (milliseconds since the epoch) orders requests. */
export const writeRequest = async (folder: string, request: Request, now: number): Promise<void> => {
  try {
    await mkdir(join(folder, 'requests'), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw writeError(folder, error);
  }
  await writeAtomic(
    join(folder, 'requests', `${String(now).padStart(15, '0')}-${randomUUID()}.json`),
    `${JSON.stringify(request)}\n`,
    0o600,
  );
};

/** Oldest first. */
export const readRequests = (folder: string): readonly RequestFile[] => {
  const names = namesIn(join(folder, 'requests')).filter((name) => name.endsWith('.json') && !name.startsWith('.'));
  return names.toSorted().map((name) => readRequest(join(folder, 'requests', name)));
};

const namesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw readError(folder, error);
  }
};

const readRequest = (path: string): RequestFile => {
  try {
    const request = parseRequest(readFileSync(path, 'utf8'));
    return { path, ...(request ? { request } : {}) };
  } catch (error) {
    return { path, error: readError(path, error) };
  }
};

const readError = (path: string, error: unknown): OperatorError =>
  new OperatorError('unavailable', `cannot read ${path}: ${errorMessage(error)}`, { cause: error });

const parseRequest = (text: string): Request | undefined => {
  try {
    const request = JSON.parse(text) as Request;
    if (request.verb === 'confirmPrune') return request;
    const isSound = (request.verb === 'patch' || request.verb === 'delete') && request.kind in PLURALS && isKey(request.key);
    return isSound ? request : undefined;
  } catch {
    return undefined;
  }
};
