// The CLI's view of changes: the state folder's files, read again when the file system says that one changed.
import { type FSWatcher, mkdirSync, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { type Kind, type Kinds, keyOf, keyString, PLURALS } from '../../api/object.ts';
import type { Change } from '../store.ts';
import { createFeed } from './feed.ts';
import { listObjects } from './object-cache.ts';
import { lookAtStateFile } from './state-files.ts';
import { isKey, objectPath } from './state-folder.ts';

/** Should an event be lost; they carry the usual case without delay. */
const RESCAN_MS = 2_000;

export async function* watchObjects<K extends Kind>(folder: string, kind: K, signal: AbortSignal): AsyncGenerator<Change<K>> {
  const root = join(folder, PLURALS[kind]);
  mkdirSync(root, { recursive: true });
  const known = new Map<string, Kinds[K]>();
  const watchers = new Map<string, FSWatcher>();
  let feed: ReturnType<typeof createFeed<K>> | undefined;

  const take = (id: string, object: Kinds[K] | undefined): void => {
    const before = known.get(id);
    if (object?.metadata.resourceVersion === before?.metadata.resourceVersion) return;
    if (before && before.metadata.uid !== object?.metadata.uid) feed?.push({ type: 'gone', key: keyOf(before), uid: before.metadata.uid });
    if (object) known.set(id, object);
    else known.delete(id);
    if (object) feed?.push({ type: 'put', object });
  };
  const lookAt = (namespace: string, file: string): void => {
    const key = { namespace, name: file.replace(/\.yaml$/, '') };
    if (file.startsWith('.') || !isKey(key)) return;
    const looked = lookAtStateFile({ kind, key, path: objectPath(folder, kind, key) });
    // A damaged file says nothing: what is known of the object stands.
    if (!('problem' in looked)) take(keyString(key), looked.object as Kinds[K] | undefined);
  };
  const follow = (path: string, onName: (name: string) => void): void => {
    if (watchers.has(path)) return;
    try {
      const watcher = watch(path, (_, name) => onName(name ?? ''));
      watcher.on('error', () => watchers.delete(path));
      watchers.set(path, watcher);
    } catch {
      // No watches left, or just gone: the rescan sees what it would have told.
    }
  };
  const followAll = (): void => {
    follow(root, () => void rescan());
    for (const namespace of readdirSync(root))
      if (!namespace.startsWith('.')) follow(join(root, namespace), (file) => lookAt(namespace, file));
  };
  const rescan = async (): Promise<void> => {
    followAll();
    const objects = new Map((await listObjects(folder, kind)).map((object) => [keyString(keyOf(object)), object]));
    for (const id of known.keys()) if (!objects.has(id)) lookAt(...partsOf(id));
    for (const [id, object] of objects) take(id, object);
  };

  // First the watches, then the list: what changes in between is seen by one of them.
  followAll();
  const initial = await listObjects(folder, kind);
  for (const object of initial) known.set(keyString(keyOf(object)), object);
  feed = createFeed(initial, signal);
  const timer = setInterval(() => void rescan().catch(() => undefined), RESCAN_MS);
  try {
    await rescan();
    yield* feed.changes;
  } finally {
    clearInterval(timer);
    for (const watcher of watchers.values()) watcher.close();
  }
}

const partsOf = (id: string): [string, string] => {
  const [namespace = '', name = ''] = id.split('/');
  return [namespace, `${name}.yaml`];
};
