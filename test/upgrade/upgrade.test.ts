// What an earlier commit's controller left is gone on with: at most one write an object, and none after that.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keyOf } from '../../controller/api/object.ts';
import type { Session, VM, VMPool } from '../../controller/api/types.generated.ts';
import { createMemoryDatabase, type MemoryDatabase } from '../fakes/memory-store.ts';
import { until } from '../fakes/until.ts';
import { runOperator } from './run-operator.ts';

/** Recorded by main.ts of that commit. */
const WRITTEN_BY = 'baac646';
const CALM_MS = 2_000;
const written = JSON.parse(readFileSync(new URL(`../fixtures/written-by-${WRITTEN_BY}.json`, import.meta.url), 'utf8')) as readonly (
  | Session
  | VM
  | VMPool
)[];

const test = suite('upgrade');

/** The same objects, with the same uids. */
const load = (): MemoryDatabase => {
  const uids = written.map(({ metadata }) => metadata.uid);
  const database = createMemoryDatabase({ now: Date.now, newUID: () => uids.shift() ?? 'none' });
  for (const object of written) {
    const made = database.create(object.kind, object as never);
    const { uid, resourceVersion } = made.metadata;
    if (object.status) database.patchStatus(object.kind, { ...keyOf(made), uid, resourceVersion }, object.status as never);
  }
  return database;
};

const writesUntilCalm = async (database: MemoryDatabase): Promise<readonly string[]> => {
  const operator = await runOperator(database);
  for (let before = -1; before < operator.writes.length; ) {
    before = operator.writes.length;
    await delay(CALM_MS);
  }
  await operator.stop();
  return operator.writes;
};

test(`objects of ${WRITTEN_BY} are taken up without a storm of writes`, async () => {
  const database = load();
  const phases = () => database.list('Session').map(({ metadata, status }) => `${metadata.name} ${status?.phase} ${status?.reason}`);
  const before = phases();
  const first = await writesUntilCalm(database);
  console.log(`${written.length} objects, ${first.length} writes: ${first.join(', ') || 'none'}`);
  assert.is(new Set(first).size, first.length, 'an object was written twice');
  assert.equal(phases(), before);
  assert.equal(await writesUntilCalm(database), []);
});

test('what was recorded has every phase, and goes on: a program that ends is told', async () => {
  const database = load();
  const phases = new Set(database.list('Session').map(({ status }) => status?.phase));
  assert.equal([...phases].sort(), ['Completed', 'Failed', 'Killed', 'Pending', 'Running']);
  const operator = await runOperator(database);
  database.edit('Session', { namespace: 'default', name: 'runs-1' }, { spec: { shutdown: 'Graceful' } });
  const phase = () => database.get('Session', { namespace: 'default', name: 'runs-1' })?.status?.phase;
  await until(() => phase() === 'Killed', 'the end of what ran', 60_000);
  await operator.stop();
});

test.run();
