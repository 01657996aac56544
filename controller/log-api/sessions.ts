// Sessions as the log API needs them: from the controller's cache, which a standby keeps as warm as the leader.
import { isTrue } from '../api/condition.ts';
import type { ObjectKey } from '../api/object.ts';
import type { Session } from '../api/types.generated.ts';
import type { Informer } from '../runtime/informer.ts';
import type { Store } from '../store/store.ts';

export interface Sessions {
  /** False until all is known: a session that is not found may exist. */
  readonly isSynced: boolean;
  find(key: ObjectKey): Promise<Session | undefined>;
  /** Aborts once the session has ended, all of its output is durable then, or is gone. `stop` frees what this holds. */
  untilEnd(session: Session): { readonly ended: AbortSignal; readonly stop: () => void };
}

export const createSessions = (informer: Informer<'Session'>, store: Pick<Store, 'get'>): Sessions => ({
  get isSynced() {
    return informer.synced;
  },
  // One that was made a moment ago may not have reached the cache.
  find: async (key) => informer.get(key) ?? store.get('Session', key),
  untilEnd: ({ metadata }) => {
    const end = new AbortController();
    const look = (now: Session | undefined): void => {
      if (now?.metadata.uid !== metadata.uid || isTrue(now.status?.conditions, 'Finished')) end.abort();
    };
    const stop = informer.onChange(({ key, after }) => {
      if (key.name === metadata.name && key.namespace === metadata.namespace) look(after);
    });
    const known = informer.get(metadata);
    if (known !== undefined) look(known);
    return { ended: end.signal, stop };
  },
});
