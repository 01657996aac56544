// What a controller that starts must know of refusals from before it: status.offerings says them, and they stand.
import { parseTime } from '../../controller/api/clock.ts';
import type { VMPool } from '../../controller/api/types.generated.ts';
import type { Process } from './process.ts';
import type { RequestWatcher, World } from './world.ts';

interface Kept {
  readonly since: number;
  readonly retryTime: string;
}

export const watchKeptRefusals = (world: World, violate: (what: string) => void): RequestWatcher => {
  const { timeline, database } = world;
  const startedAt = new Map<Process, number>();
  const kept = new Map<string, Kept>();
  database.subscribe(({ kind, after }) => {
    if (kind !== 'VMPool' || !after) return;
    const { metadata, status } = after as VMPool;
    const before = new Map([...kept].filter(([key]) => key.startsWith(`${metadata.uid} `)));
    for (const key of before.keys()) kept.delete(key);
    for (const { sku, region, available, reason, retryTime } of status?.offerings ?? []) {
      const key = `${metadata.uid} ${sku} ${region}`;
      const isRefused = !available && retryTime !== undefined && (reason === 'QuotaExceeded' || reason === 'SKUNotAvailable');
      const known = before.get(key);
      if (isRefused) kept.set(key, known?.retryTime === retryTime ? known : { since: timeline.elapsed(), retryTime });
    }
  });
  return {
    sends: (process, { body }) => {
      if (!startedAt.has(process)) startedAt.set(process, timeline.elapsed());
      if (!body || world.isRelaxed()) return;
      const sku = body.hardwareProfile?.vmSize;
      const refusal = kept.get(`${body.tags?.['pool-uid']} ${sku} ${body.location}`);
      if (!refusal || parseTime(refusal.retryTime) <= timeline.wall() || refusal.since >= (startedAt.get(process) ?? 0)) return;
      violate(`${process.name} asks for ${sku} in ${body.location}, which its pool says is refused until ${refusal.retryTime}`);
    },
    answered: () => {},
  };
};
