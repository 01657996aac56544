// Reads back one document that writeYAML wrote: the state folder's own files.
import { compose, YAMLError } from './compose.ts';

/** Throws YAMLError where the text is not YAML, or not exactly one document: a torn file. */
export function parseYAML(text: string): unknown {
  const [document, ...more] = compose(text);
  if (!document || more.length > 0) throw new YAMLError('not exactly one document', 0);
  return document.value;
}
