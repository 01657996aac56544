// Writes sessions' status into the user's own files: only while the file is exactly what was read, and never so that it
// counts as a change of the user's.
import {
  accessSync,
  type BigIntStats,
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../../api/clock.ts';
import { keyOf, type Resource } from '../../api/object.ts';
import { hashOf, objectID, parseID } from './manifest-file.ts';
import { SOURCE_ANNOTATION } from './merge.ts';
import type { Objects } from './objects.ts';
import { signatureOf } from './signature.ts';
import type { Sources } from './sources.ts';
import { spliceStatuses } from './splice-status.ts';

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
/** In characters. A file of more than 1 MiB is not read any more: what we write must not be what makes it so large. */
const LARGE = 256 * 1024;
const LARGEST = 768 * 1024;

type Status = NonNullable<Resource['status']>;

export const createMirror = ({ root, objects, sources, clock }: MirrorOptions): Mirror => {
  const waiting = new Map<string, Set<string>>();
  let cancel: (() => void) | undefined;
  const flush = (): void => {
    cancel = undefined;
    for (const [path, ids] of waiting) {
      const statuses = new Map([...ids].flatMap((id) => statusOf(objects, id)));
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

const statusOf = (objects: Objects, id: string): readonly (readonly [string, Status])[] => {
  const { kind, key } = parseID(id);
  const status = objects.get(kind, key)?.status;
  return status ? [[id, status]] : [];
};

/** undefined when the file is left alone. */
const rewrite = (
  path: string,
  name: string,
  hash: string | undefined,
  statuses: ReadonlyMap<string, Status>,
): { signature: string; hash: string } | undefined => {
  try {
    const stats = lstatSync(path, { bigint: true });
    // Another name of the same file would be left with the old content.
    if (name.endsWith('.json') || !stats.isFile() || stats.nlink > 1) return undefined;
    accessSync(path, constants.W_OK);
    const text = readFileSync(path, 'utf8');
    if (hashOf(text) !== hash) return undefined;
    const whole = spliceStatuses(text, statuses);
    const next = whole.length > LARGE ? spliceStatuses(text, new Map([...statuses].map(withoutTail))) : whole;
    if (next === text || next.length > LARGEST) return undefined;
    replace(path, next, stats);
    return { signature: signatureOf(lstatSync(path, { bigint: true })), hash: hashOf(next) };
  } catch {
    // A convenience: the status itself is in the state folder.
    return undefined;
  }
};

const withoutTail = ([id, status]: readonly [string, Status]): readonly [string, Status] => {
  if (!('output' in status && status.output)) return [id, status];
  const { tail: _, ...output } = status.output;
  return [id, { ...status, output }];
};

/** Synchronous to the end: no event of it can be looked at before it is known to be ours. */
const replace = (path: string, text: string, read: BigIntStats): void => {
  const temporary = join(dirname(path), `.${basename(path)}.berth-tmp`);
  const mode = Number(read.mode) & 0o777;
  // That of a crash: there is one controller, so nobody writes it now.
  rmSync(temporary, { force: true });
  const descriptor = openSync(temporary, 'wx', mode);
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
    chmodSync(temporary, mode);
    // The user may have saved it meanwhile.
    if (signatureOf(lstatSync(path, { bigint: true })) !== signatureOf(read)) throw new Error(`${path} was changed`);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
};
