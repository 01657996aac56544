// The hosts over real shells: one connection a VM, their changes told to whoever listens.
import type { Clock } from '../api/clock.ts';
import type { LogName, LogStore } from '../output/log-store.ts';
import type { Machine } from '../provider/provider.ts';
import type { Hosts } from './host.ts';
import { connectHost, type HostConnection } from './host-connection.ts';
import { trackRuns } from './host-runs.ts';

export interface HostsOptions {
  readonly logs: LogStore;
  readonly clock: Clock;
  /** In [0, 1): spreads reconnects. */
  readonly random: () => number;
  /** Output that could not be stored; it stays on the VM and is tried again. */
  readonly onError: (session: LogName, error: unknown) => void;
}

export const createHosts = ({ logs, clock, random, onError }: HostsOptions): Hosts => {
  const connections = new Map<string, HostConnection & { machine: Machine }>();
  const listeners = new Set<(vmUID: string, session: LogName | undefined) => void>();
  const tell = (vmUID: string, session: LogName | undefined) => {
    for (const listener of listeners) listener(vmUID, session);
  };

  return {
    open: (vmUID, machine, connect) => {
      const present = connections.get(vmUID);
      if (present) {
        present.machine = machine; // for the next connection: an address may change
        return;
      }
      const runs = trackRuns({ logs, clock, changed: (session) => tell(vmUID, session), failed: onError });
      const entry = { machine };
      const connection = connectHost({ machine: () => entry.machine, connect, runs, clock, random, changed: () => tell(vmUID, undefined) });
      connections.set(vmUID, Object.assign(entry, connection));
    },
    close: (vmUID) => {
      connections.get(vmUID)?.close();
      connections.delete(vmUID);
    },
    get: (vmUID) => connections.get(vmUID)?.host,
    onChange: (listener) => void listeners.add(listener),
  };
};
