// How many objects of users one directory may define (SPEC 4). Pure.
import { keyString } from '../../api/object.ts';
import { parseID } from './manifest-file.ts';
import type { Resolution } from './resolve.ts';

const MAX_OBJECTS = 50_000;

/** Takes new objects while there is room; one beyond it changes nothing, and is looked at again in the next pass. */
export const limitObjects = (stored: number) => {
  let room = MAX_OBJECTS - stored;
  return (resolution: Resolution, id: string, file = '.'): Resolution => {
    if (!resolution.create || room-- > 0) return resolution;
    const { kind, key } = parseID(id);
    const message = `${kind} ${keyString(key)} is not taken: a directory holds at most ${MAX_OBJECTS} objects; remove some that have finished`;
    return { isDone: false, problem: { file, message } };
  };
};
