// Which files of the folder define certain objects, without a controller: what the last one knew is used where the file
// is unchanged, the rest is read.
import { type ManifestDocument, readManifestFile } from './manifest-file.ts';
import { scan } from './scan.ts';
import { readIndex } from './source-index.ts';

export interface Definer extends ManifestDocument {
  /** Nothing else is in the file, so it may be rewritten or removed for this object. */
  readonly isAlone: boolean;
}

export const findDefiner = async (root: string, folder: string, ids: readonly string[]): Promise<ReadonlyMap<string, Definer>> => {
  const wanted = new Set(ids);
  const found = new Map<string, Definer>();
  const indexed = readIndex(folder)?.files;
  for (const [path, signature] of await filesIn(root, folder)) {
    const known = indexed?.get(path);
    if (known?.signature === signature && !known.ids.some((id) => wanted.has(id))) continue;
    const { documents } = readManifestFile(root, path);
    for (const document of documents) {
      if (wanted.has(document.id) && !found.has(document.id)) found.set(document.id, { ...document, isAlone: documents.length === 1 });
    }
  }
  return found;
};

const filesIn = async (root: string, folder: string): Promise<readonly (readonly [string, string])[]> => {
  try {
    return [...(await scan(root, folder)).files].toSorted(([a], [b]) => (a < b ? -1 : 1));
  } catch {
    return [];
  }
};
