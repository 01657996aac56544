// Looks every hour for tombstones that are older than the retention.
import type { Clock } from '../../api/clock.ts';
import { objectID } from './manifest-file.ts';
import { DEFAULT_RETENTION_MS, expireTombstones } from './tombstones.ts';

const EXPIRY_MS = 3_600_000;

export const expireRegularly = (
  folder: string,
  options: { readonly clock: Clock; readonly retentionMs?: number | undefined },
  isNeeded: (id: string) => boolean,
): (() => void) => {
  const { clock, retentionMs = DEFAULT_RETENTION_MS } = options;
  let suspects: ReadonlySet<string> = new Set();
  let cancel = (): void => undefined;
  const expire = (): void => {
    suspects = expireTombstones(folder, { now: clock.now(), retentionMs, suspects }, (kind, key) => isNeeded(objectID(kind, key)));
    cancel = clock.after(EXPIRY_MS, expire);
  };
  expire();
  return () => cancel();
};
