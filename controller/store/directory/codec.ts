// Resources as the text of a state file, and the one place where such a file is judged sound.
import type { Kind, ObjectKey, Resource } from '../../api/object.ts';
import { parseYAML } from '../yaml/parse.ts';
import { writeYAML } from '../yaml/write.ts';

export const encodeResource = (object: Resource): string => writeYAML(object);

/** undefined for a torn or foreign file. */
export const decodeResource = (text: string, kind: Kind, key: ObjectKey): Resource | undefined => {
  try {
    const object = parseYAML(text) as Partial<Resource> | null | undefined;
    return object && isSound(object, kind, key) ? (object as Resource) : undefined;
  } catch {
    return undefined;
  }
};

const isSound = (object: Partial<Resource>, kind: Kind, key: ObjectKey): boolean =>
  object.kind === kind &&
  object.metadata?.name === key.name &&
  object.metadata.namespace === key.namespace &&
  typeof object.metadata.uid === 'string' &&
  typeof object.metadata.generation === 'number' &&
  Number.isSafeInteger(Number(object.metadata.resourceVersion)) &&
  typeof object.spec === 'object';
