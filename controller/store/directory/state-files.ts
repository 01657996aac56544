// What the object files of a state folder hold.
import { readFileSync } from 'node:fs';
import type { Kind, Resource } from '../../api/object.ts';
import type { Problem } from '../client.ts';
import { codeOf } from './atomic-write.ts';
import { decodeResource } from './codec.ts';
import { listStateFiles, type StateFile } from './state-listing.ts';

export const KINDS = ['Session', 'VMPool', 'VM'] as const satisfies readonly Kind[];

export interface LoadedState {
  readonly objects: readonly Resource[];
  /** Damaged files. Their names are not given to anything else: what they described may be running. */
  readonly damaged: readonly (StateFile & { readonly problem: Problem })[];
}

export const loadState = (folder: string): LoadedState => {
  const objects: Resource[] = [];
  const damaged: (StateFile & { problem: Problem })[] = [];
  for (const file of KINDS.flatMap((kind) => listStateFiles(folder, kind))) {
    const object = readStateFile(file);
    if (object === 'gone') continue;
    if (object) objects.push(object);
    else damaged.push({ ...file, problem: { file: file.path, message: DAMAGED } });
  }
  return { objects, damaged };
};

const DAMAGED = 'this state file is damaged or not one of ours: nothing is done to what it described until it is mended or removed';

/** undefined when it cannot be read as the resource its path names. */
export const readStateFile = (file: StateFile): Resource | 'gone' | undefined => {
  try {
    return decodeResource(readFileSync(file.path, 'utf8'), file.kind, file.key);
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? 'gone' : undefined;
  }
};
