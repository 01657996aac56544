// State files that cannot be read. What they described may be running, so none of it counts as gone, and its name is given
// to nothing else. Each is looked at again until it was mended or removed: that needs no restart.
import { statSync } from 'node:fs';
import type { Clock } from '../../api/clock.ts';
import { OperatorError } from '../../api/error.ts';
import type { Kind, ObjectKey, Resource } from '../../api/object.ts';
import type { Problem } from '../client.ts';
import { objectID } from './manifest-file.ts';
import { problemText } from './problems.ts';
import { signatureOf } from './signature.ts';
import { type DamagedFile, lookAtStateFile } from './state-files.ts';

export interface Damaged {
  has(id: string): boolean;
  /** Throws OperatorError('unavailable') naming a damaged file of the kind that may be the one, if there is any. */
  refuse(doing: string, kind: Kind, mayBe?: (key: ObjectKey) => boolean): void;
  problems(): readonly Problem[];
  close(): Promise<void>;
}

export interface DamagedOptions {
  readonly clock: Clock;
  readonly files: readonly DamagedFile[];
  /** Takes in what was mended. */
  readonly adopt: (object: Resource) => Promise<unknown>;
  /** The name is no longer blocked: its file was mended or removed. */
  readonly onSettled: (id: string) => void;
}

const LOOK_MS = 2_000;

export const createDamaged = ({ clock, files, adopt, onSettled }: DamagedOptions): Damaged => {
  const known = new Map(files.map((file) => [objectID(file.kind, file.key), { ...file, signature: signatureAt(file.path) }]));
  let cancel = (): void => undefined;
  let running: Promise<void> = Promise.resolve();
  let isClosed = false;

  const lookAt = async (id: string, file: DamagedFile & { readonly signature: string | undefined }): Promise<void> => {
    const signature = signatureAt(file.path);
    const looked = lookAtStateFile(file);
    // A copy that is just being written, or a file between its removal and its return, is not what it will be.
    if ('problem' in looked || signature !== file.signature) {
      known.set(id, { ...file, signature, ...('problem' in looked ? looked : {}) });
      return;
    }
    if (looked.object) await adopt(looked.object);
    known.delete(id);
    onSettled(id);
  };
  const lookAtAll = async (): Promise<void> => {
    // What could not be written (a full disk) stays blocked, and is tried again.
    for (const [id, file] of known) await lookAt(id, file).catch(() => undefined);
    arm();
  };
  const arm = (): void => {
    if (known.size === 0 || isClosed) return;
    cancel = clock.after(LOOK_MS, () => {
      running = lookAtAll();
    });
  };
  arm();
  return {
    has: (id) => known.has(id),
    refuse: (doing, kind, mayBe = () => true) => {
      const found = [...known.values()].find((file) => file.kind === kind && mayBe(file.key));
      if (found) throw new OperatorError('unavailable', `cannot ${doing}: ${problemText(found.problem)}`);
    },
    problems: () => [...known.values()].map(({ problem }) => problem),
    close: async () => {
      isClosed = true;
      cancel();
      await running;
    },
  };
};

const signatureAt = (path: string): string | undefined => {
  try {
    return signatureOf(statSync(path, { bigint: true }));
  } catch {
    return undefined;
  }
};
