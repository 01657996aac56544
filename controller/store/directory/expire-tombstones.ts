// Looks every hour for tombstones that are older than the retention.
import type { Clock } from '../../api/clock.ts';
import { objectID } from './manifest-file.ts';
import { DEFAULT_RETENTION_MS, expireTombstones } from './tombstones.ts';

const EXPIRY_MS = 3_600_000;

export const expireRegularly = (
  folder: string,
  options: { readonly clock: Clock; readonly retentionMs?: number | undefined; readonly tell: (problem: string) => void },
  isNeeded: (id: string) => boolean,
): (() => void) => {
  const { clock, retentionMs = DEFAULT_RETENTION_MS } = options;
  let suspects: ReadonlySet<string> = new Set();
  let cancel = (): void => undefined;
  const expire = (): void => {
    const { failures, ...expired } = expireTombstones(folder, { now: clock.now(), retentionMs, suspects }, (kind, key) =>
      isNeeded(objectID(kind, key)),
    );
    suspects = expired.suspects;
    // One stands for all: most often they share their cause.
    if (failures[0]) options.tell(`tombstones that are past their time stay (${failures.length}): ${failures[0].message}`);
    cancel = clock.after(EXPIRY_MS, expire);
  };
  expire();
  return () => cancel();
};
