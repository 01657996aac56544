// The whole operator over a database in memory and machines that stand: to record what it writes, and to count it.

import { createOperator } from '../../controller/operator.ts';
import { keepAlive, systemClock } from '../../controller/runtime/clock.ts';
import { silentLog } from '../../controller/runtime/silent-log.ts';
import { createMemoryLogs, openMemoryLogStore } from '../fakes/memory-log-store.ts';
import { type MemoryDatabase, openMemoryStore } from '../fakes/memory-store.ts';
import { type Behaviour, standingHosts, standingProvider } from './standing-hosts.ts';

export interface RunningOperator {
  /** Every write so far, as `kind name`. */
  readonly writes: readonly string[];
  stop(): Promise<void>;
}

export const runOperator = async (database: MemoryDatabase, behaviour: Behaviour = () => ({})): Promise<RunningOperator> => {
  const writes: string[] = [];
  const unsubscribe = database.subscribe(({ kind, before, after }) => writes.push(`${kind} ${(after ?? before)?.metadata.name}`));
  const release = keepAlive();
  const operator = createOperator({
    store: openMemoryStore(database),
    providers: new Map([['Local', standingProvider(() => database.list('VM'))]]),
    hosts: standingHosts(database.list('Session'), behaviour),
    logs: openMemoryLogStore(createMemoryLogs()),
    clock: systemClock,
    log: silentLog,
    random: Math.random,
  });
  const stop = new AbortController();
  const running = operator.run(stop.signal);
  await Promise.all(Object.values(operator.informers).map(({ whenSynced }) => whenSynced));
  return {
    writes,
    stop: async () => {
      stop.abort();
      await running;
      unsubscribe();
      release();
    },
  };
};
