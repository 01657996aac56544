// The world in a file: whole, replaced at once, written before a change is answered. A fake that is killed goes on from it.
import { existsSync, readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { readWorld, type World, writeWorld } from './world.ts';

export interface StateFile {
  /** Resolves when all that was changed until now is in the file. */
  save(): Promise<void>;
}

export const loadState = (path: string | undefined): World | undefined =>
  path !== undefined && existsSync(path) ? readWorld(readFileSync(path, 'utf8')) : undefined;

export const createStateFile = (path: string | undefined, world: () => World): StateFile => {
  let writing: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const write = async (): Promise<void> => {
    if (path === undefined) return;
    await writeFile(`${path}.tmp`, writeWorld(world()), { mode: 0o600 });
    await rename(`${path}.tmp`, path);
  };
  const begin = (): Promise<void> => {
    next = undefined;
    const started = write().finally(() => {
      if (writing === started) writing = undefined;
    });
    writing = started;
    return started;
  };
  return {
    // Those who ask while a write is under way share the one after it.
    save: () => {
      if (path === undefined) return Promise.resolve();
      if (!writing) return begin();
      next ??= writing.catch(() => {}).then(begin);
      return next;
    },
  };
};
