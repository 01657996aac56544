// What the object files of a state folder hold.
import { readFileSync } from 'node:fs';
import { OperatorError } from '../../api/error.ts';
import type { Kind, Resource } from '../../api/object.ts';
import type { Problem } from '../client.ts';
import { codeOf } from './atomic-write.ts';
import { decodeResource } from './codec.ts';
import { problemText } from './problems.ts';
import { listStateFiles, type StateFile } from './state-listing.ts';

export const KINDS = ['Session', 'VMPool', 'VM'] as const satisfies readonly Kind[];

export interface LoadedState {
  readonly objects: readonly Resource[];
  readonly damaged: readonly DamagedFile[];
}

export type DamagedFile = StateFile & { readonly problem: Problem };

export const loadState = (folder: string): LoadedState => {
  const objects: Resource[] = [];
  const damaged: DamagedFile[] = [];
  for (const file of KINDS.flatMap((kind) => listStateFiles(folder, kind))) {
    const looked = lookAtStateFile(file);
    if ('problem' in looked) damaged.push({ ...file, ...looked });
    else if (looked.object) objects.push(looked.object);
  }
  return { objects, damaged };
};

/** Without an object: there is no such file. A problem: nobody knows what it describes. */
export const lookAtStateFile = (file: StateFile): { readonly object?: Resource } | { readonly problem: Problem } => {
  try {
    const object = decodeResource(readFileSync(file.path, 'utf8'), file.kind, file.key);
    return object ? { object } : { problem: problemOf(file, 'is damaged or not one of ours') };
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? {} : { problem: problemOf(file, `cannot be read (${codeOf(error)})`) };
  }
};

const problemOf = ({ path: file }: StateFile, what: string): Problem => ({
  file,
  message: `this state file ${what}: nothing is done to what it described until it is restored, or removed to give that up`,
});

/** undefined: there is none. Throws OperatorError('unavailable') where that cannot be told. */
export const readStateFile = (file: StateFile): Resource | undefined => {
  const looked = lookAtStateFile(file);
  if ('problem' in looked) throw new OperatorError('unavailable', problemText(looked.problem));
  return looked.object;
};
