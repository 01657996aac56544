// Sessions and VMs as they change: what `start`, `kill`, `wait` and the follower wait on.
import type { Kind, Kinds } from '../controller/api/object.ts';
import { keyString } from '../controller/api/object.ts';
import type { Session, VM, VMPool } from '../controller/api/types.generated.ts';
import type { Client } from '../controller/store/client.ts';
import { interrupted } from './error.ts';

export interface World {
  /** By `namespace/name`. */
  readonly sessions: ReadonlyMap<string, Session>;
  readonly vms: ReadonlyMap<string, VM>;
  readonly pools: ReadonlyMap<string, VMPool>;
}

export interface WaitOptions {
  readonly interrupted: AbortSignal;
  /** Told to stop waiting without an answer. */
  readonly expired?: AbortSignal;
  /** Runs beside the wait, and ends it by throwing. */
  readonly beside?: (signal: AbortSignal) => Promise<void>;
  readonly vms?: boolean;
  readonly pools?: boolean;
}

/**
 * Calls `look` with everything, then after each change, until it answers. Undefined when `expired` came first; Ctrl-C
 * throws `interrupted`.
 */
export const waitUntil = async <T>(client: Client, look: (world: World) => T | undefined, options: WaitOptions): Promise<T | undefined> => {
  const stop = new AbortController();
  const sessions = new Map<string, Session>();
  const vms = new Map<string, VM>();
  const pools = new Map<string, VMPool>();
  const kinds: readonly Kind[] = ['Session', ...(options.vms ? ['VM' as const] : []), ...(options.pools ? ['VMPool' as const] : [])];
  const synced = new Set<Kind>();
  const { promise, resolve, reject } = Promise.withResolvers<T | undefined>();
  const changed = (): void => {
    if (synced.size < kinds.length) return;
    const answer = look({ sessions, vms, pools });
    if (answer !== undefined) resolve(answer);
  };
  const onSynced = (kind: Kind) => (): void => {
    synced.add(kind);
    changed();
  };
  const endings = [listen(options.interrupted, () => reject(interrupted())), listen(options.expired, () => resolve(undefined))];
  const watches = [
    observe(client, 'Session', { objects: sessions, signal: stop.signal, changed, synced: onSynced('Session') }),
    ...(options.vms ? [observe(client, 'VM', { objects: vms, signal: stop.signal, changed, synced: onSynced('VM') })] : []),
    ...(options.pools ? [observe(client, 'VMPool', { objects: pools, signal: stop.signal, changed, synced: onSynced('VMPool') })] : []),
    ...(options.beside ? [options.beside(stop.signal)] : []),
  ];
  for (const watch of watches) watch.catch(reject);
  try {
    return await promise;
  } finally {
    stop.abort();
    for (const end of endings) end();
    await Promise.allSettled(watches);
  }
};

interface Observation<K extends Kind> {
  readonly objects: Map<string, Kinds[K]>;
  readonly signal: AbortSignal;
  readonly changed: () => void;
  readonly synced: () => void;
}

const observe = async <K extends Kind>(client: Client, kind: K, { objects, signal, changed, synced }: Observation<K>): Promise<void> => {
  for await (const change of client.watch(kind, signal)) {
    if (change.type === 'synced') synced();
    else {
      if (change.type === 'put') objects.set(keyString(change.object.metadata), change.object);
      else objects.delete(keyString(change.key));
      changed();
    }
    if (signal.aborted) return;
  }
};

const listen = (signal: AbortSignal | undefined, callback: () => void): (() => void) => {
  if (signal?.aborted) callback();
  signal?.addEventListener('abort', callback, { once: true });
  return () => signal?.removeEventListener('abort', callback);
};
