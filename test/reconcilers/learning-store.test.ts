import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OperatorError } from '../../controller/api/error.ts';
import { createLearningStore } from '../../controller/reconcilers/learning-store.ts';
import type { Store } from '../../controller/store/store.ts';
import { NOW } from '../builders/time.ts';
import { createMemoryDatabase, openMemoryStore } from '../fakes/memory-store.ts';

const test = suite('learning store');

const KEY = { namespace: 'default', name: 'a' };

const openWorld = () => {
  let uids = 0;
  const database = createMemoryDatabase({ now: () => NOW, newUID: () => `uid-${++uids}` });
  const fate: { write?: unknown; read?: unknown } = {};
  const memory = openMemoryStore(database);
  const faulty: Store = {
    ...memory,
    // The write arrives, its answer does not.
    patchStatus: async (kind, at, status) => {
      const written = await memory.patchStatus(kind, at, status);
      if (fate.write !== undefined) throw fate.write;
      return written;
    },
    get: async (kind, key) => {
      if (fate.read !== undefined) throw fate.read;
      return memory.get(kind, key);
    },
  };
  const learned: (number | undefined)[] = [];
  const learn = ({ status }: { readonly status?: { readonly observedGeneration?: number } }): void =>
    void learned.push(status?.observedGeneration);
  const store = createLearningStore(faulty, { Session: learn, VM: learn, VMPool: learn });
  const write = (observedGeneration: number): Promise<string> => {
    const at = database.get('Session', KEY)?.metadata;
    if (!at) throw new Error('there is no session');
    return store.patchStatus('Session', at, { observedGeneration }).then(() => 'written', String);
  };
  return { database, store, learned, fate, write };
};
const newSession = { metadata: KEY, spec: { prompt: 'work' } };

test('learns what each write made', async () => {
  const { store, learned, write } = openWorld();
  const made = await store.create('Session', newSession);
  await write(1);
  const now = await store.get('Session', KEY);
  await store.patchFinalizers('Session', now?.metadata ?? made.metadata, ['x']);
  assert.equal(learned, [-1, 1, 1]);
  await store.settle();
  assert.is(learned.length, 3);
});

test('reads anew what was written with an unknown outcome, until that works, and once', async () => {
  const { store, learned, fate, write } = openWorld();
  await store.create('Session', newSession);
  fate.write = new OperatorError('unavailable', 'the answer was lost');
  fate.read = new OperatorError('unavailable', 'no answer');
  assert.match(await write(7), 'the answer was lost');
  assert.match(await store.settle().then(String, String), 'no answer');
  fate.read = undefined;
  await store.settle();
  await store.settle();
  assert.equal(learned, [-1, 7]);
});

test('what was refused was not written, and what is gone teaches nothing', async () => {
  const { store, learned, fate, write, database } = openWorld();
  const { metadata } = await store.create('Session', newSession);
  fate.write = new OperatorError('conflict', 'somebody else was first');
  await write(2);
  await store.settle();
  assert.equal(learned, [-1]);
  fate.write = new OperatorError('unavailable', 'the answer was lost');
  await write(3);
  await store.delete('Session', { ...KEY, uid: metadata.uid });
  assert.equal(database.list('Session'), []);
  await store.settle();
  assert.equal(learned, [-1]);
});

test('all else goes to the store as it is', async () => {
  const { store, database } = openWorld();
  await store.create('Session', newSession);
  database.secrets.set('default/keys', { api: 'x' });
  assert.equal(await store.secret({ namespace: 'default', name: 'keys' }), { api: 'x' });
  assert.is((await store.list('Session')).length, 1);
  store.record({ type: 'Normal', reason: 'R', message: 'm', regarding: { kind: 'Session', uid: 'u', ...KEY } });
  assert.is(database.events.length, 1);
  const stop = new AbortController();
  for await (const change of store.watch('Session', stop.signal)) {
    assert.is(change.type, 'put');
    stop.abort();
  }
});

test.run();
