// Brings hosts back into their pool: in the background, one at a time each, again and again until it is done.
import type { Clock } from '../../api/clock.ts';
import type { Lease, LeaseID, Leases } from './leases.ts';

export interface Releases {
  /** Works on all that are on their way back and not worked on already. */
  goOn(poolUID: string, leases: readonly Lease[]): void;
}

export interface ReleasesOptions {
  readonly leases: Leases;
  readonly clock: Clock;
  /** Leaves the host as if it had never served this VM. */
  readonly release: (id: LeaseID, lease: Lease) => Promise<void>;
}

const AGAIN_MS = 30_000;

export const createReleases = ({ leases, clock, release }: ReleasesOptions): Releases => {
  /** When to try again; infinite while under way. */
  const due = new Map<string, number>();
  const work = async (id: LeaseID, lease: Lease): Promise<void> => {
    const key = `${id.poolUID} ${id.host}`;
    if ((due.get(key) ?? 0) > clock.monotonic()) return;
    due.set(key, Number.POSITIVE_INFINITY);
    try {
      await release(id, lease);
      leases.remove(id);
      due.delete(key);
    } catch {
      due.set(key, clock.monotonic() + AGAIN_MS);
      // A machine no more, as it can not be reached; and not free either, before what it left there was removed.
      leases.change(id, { release: 'lost' });
    }
  };
  return {
    goOn: (poolUID, all) => {
      for (const lease of all) {
        // The folder of the leases may be full or gone: the next look tries again.
        if (lease.release) work({ poolUID, host: lease.host.name, vmUID: lease.vmUID }, lease).catch(() => undefined);
      }
    },
  };
};
