// One watcher's stream of changes. What is not yet read is folded by key, so a slow reader costs no memory.
import { type Kind, type Kinds, keyOf, keyString } from '../../api/object.ts';
import type { Change } from '../store.ts';

export interface Feed<K extends Kind> {
  push(change: Change<K>): void;
  readonly changes: AsyncIterable<Change<K>>;
}

export const createFeed = <K extends Kind>(existing: readonly Kinds[K][], signal: AbortSignal): Feed<K> => {
  const pending = new Map<string, Change<K>>(existing.map((object) => [keyString(keyOf(object)), { type: 'put', object }]));
  pending.set('', { type: 'synced' });
  let wake = (): void => undefined;
  signal.addEventListener('abort', () => wake(), { once: true });
  return {
    push: (change) => {
      const id = change.type === 'put' ? keyString(keyOf(change.object)) : change.type === 'gone' ? keyString(change.key) : '';
      fold(pending, id, change);
      wake();
    },
    changes: drain(pending, signal, (callback) => {
      wake = callback;
    }),
  };
};

/** An incarnation that ended unread must still be seen to end, or the reader would take the next one for a change of it. */
const fold = <K extends Kind>(pending: Map<string, Change<K>>, id: string, change: Change<K>): void => {
  const before = pending.get(id);
  if (before?.type === 'gone' && change.type === 'put') {
    pending.set(`${id}#${before.uid}`, before);
    pending.delete(id);
  }
  // Keeps its place: what was there at the start must come before `synced`.
  pending.set(id, change);
};

async function* drain<K extends Kind>(
  pending: Map<string, Change<K>>,
  signal: AbortSignal,
  onWake: (callback: () => void) => void,
): AsyncGenerator<Change<K>> {
  while (!signal.aborted) {
    for (const [id, change] of pending) {
      pending.delete(id);
      yield change;
      if (signal.aborted) return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    onWake(resolve);
    if (pending.size === 0 && !signal.aborted) await promise;
  }
}
