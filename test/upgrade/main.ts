// Records what the controller of this commit writes, for later ones to go on from (upgrade.test.ts):
//   node test/upgrade/main.ts > test/fixtures/written-by-COMMIT.json
import { randomUUID } from 'node:crypto';
import type { Session, VMPool } from '../../controller/api/types.generated.ts';
import { createMemoryDatabase, type MemoryDatabase } from '../fakes/memory-store.ts';
import { until } from '../fakes/until.ts';
import { runOperator } from './run-operator.ts';

const YEARS = 31_536_000;
const pool = (name: string, spec: Partial<VMPool['spec']> = {}) => ({
  metadata: { namespace: 'default', name },
  spec: { provider: { type: 'Local' as const }, sizes: [{ name: 'l' as const }], maxVMs: 2, idleTimeoutSeconds: YEARS, ...spec },
});
const create = (database: MemoryDatabase, name: string, spec: Partial<Session['spec']> = {}): void => {
  database.create('Session', { metadata: { namespace: 'default', name }, spec: { prompt: 'work', poolRef: { name: 'p' }, ...spec } });
};

const database = createMemoryDatabase({ now: Date.now, newUID: randomUUID });
database.create('VMPool', pool('p'));
database.create('VMPool', pool('paused', { paused: true }));
const operator = await runOperator(database, (name) => {
  if (name.startsWith('completed')) return { exit: { cause: 'exited', code: 0, endTime: '' } };
  if (name.startsWith('failed')) return { exit: { cause: 'exited', code: 3, endTime: '' } };
  if (name.startsWith('asks')) return { waiting: { since: '2026-01-01T00:00:00Z', question: 'Which one?' } };
  return {};
});
const phases = () => database.list('Session').map(({ metadata, status }) => `${metadata.name} ${status?.phase} ${status?.reason}`);
const untilIs = (...wanted: readonly string[]): Promise<void> =>
  until(() => wanted.every((one) => phases().includes(one)), wanted.join(', '), 60_000);

for (const name of ['completed-1', 'completed-2', 'failed']) create(database, name);
create(database, 'killed', { shutdown: 'Graceful' });
await untilIs('completed-1 Completed Completed', 'completed-2 Completed Completed', 'failed Failed AgentFailed', 'killed Killed Killed');
for (const name of ['runs-1', 'runs-2', 'runs-3', 'asks']) create(database, name, { memoryMiB: 65_536 });
await untilIs('runs-1 Running Running', 'runs-2 Running Running', 'runs-3 Running Running', 'asks Running Running');
create(database, 'waits', { memoryMiB: 65_536 });
create(database, 'nowhere', { poolRef: { name: 'none' } });
create(database, 'paused', { poolRef: { name: 'paused' } });
await untilIs('waits Pending PoolFull', 'nowhere Pending PoolNotFound', 'paused Pending PoolPaused');
await until(() => database.list('VMPool').every(({ status }) => status?.sessions?.pending === 1), 'counters', 60_000);
await operator.stop();
const objects = [...database.list('VMPool'), ...database.list('VM'), ...database.list('Session')];
process.stdout.write(`${JSON.stringify(objects, undefined, 1)}\n`);
