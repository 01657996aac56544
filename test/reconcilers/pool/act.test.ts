import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Kinds, ObjectKey } from '../../../controller/api/object.ts';
import type { VMPool } from '../../../controller/api/types.generated.ts';
import type { Providers } from '../../../controller/provider/providers.ts';
import { SESSION_INDEXES, VM_INDEXES } from '../../../controller/reconcilers/indexes.ts';
import { createLearningStore } from '../../../controller/reconcilers/learning-store.ts';
import { createPoolAct } from '../../../controller/reconcilers/pool/act.ts';
import { decide } from '../../../controller/reconcilers/pool/decide.ts';
import { createPoolObserve } from '../../../controller/reconcilers/pool/observe.ts';
import { startedOf } from '../../../controller/reconcilers/session/facts.ts';
import { pendingStatus } from '../../../controller/reconcilers/session/pending.ts';
import { isDraining } from '../../../controller/reconcilers/vm/facts.ts';
import { createCache } from '../../../controller/runtime/cache.ts';
import { offering, pool } from '../../builders/pool.ts';
import { NOW } from '../../builders/time.ts';
import { createMemoryDatabase, openMemoryStore } from '../../fakes/memory-store.ts';

const test = suite('pool: observe and act');

const { signal } = new AbortController();
const NONE: Providers = { of: () => ({}) as never };
const KEY: ObjectKey = { namespace: 'default', name: 'default' };

/** A pool in a store in memory, with caches that learn what is written, and passes made one by one. */
const openWorld = () => {
  let uids = 0;
  const database = createMemoryDatabase({ now: () => NOW, newUID: () => `uid-${++uids}` });
  const caches = { Session: createCache<'Session'>(SESSION_INDEXES), VM: createCache<'VM'>(VM_INDEXES), VMPool: createCache<'VMPool'>() };
  database.subscribe(({ kind, before, after }) => {
    if (after) caches[kind].put(after as never);
    else if (before) caches[kind].gone(before.metadata, before.metadata.uid);
  });
  const learned: string[] = [];
  const learn = (object: Kinds[keyof Kinds]): void => void learned.push(`${object.kind} ${object.metadata.name}`);
  const store = createLearningStore(openMemoryStore(database), { Session: learn, VM: learn, VMPool: learn });
  const offered: { problem: string | undefined } = { problem: undefined };
  const released: string[] = [];
  const providers: Providers = {
    of: () => {
      if (offered.problem !== undefined) throw new Error(offered.problem);
      const told = [{ type: 'DeadMansSwitch', status: 'False', reason: 'NoIdentity', message: 'x' }];
      const release = async ({ metadata }: VMPool) => void released.push(metadata.name);
      return { offerings: () => [offering('l')], conditions: () => told, release } as never;
    },
  };
  const observe = createPoolObserve({
    pools: caches.VMPool,
    sessions: caches.Session,
    vms: caches.VM,
    secret: store.secret,
    settle: store.settle,
    hosts: { get: () => undefined },
    logs: { hasSpace: async () => true },
    providers,
  });
  const act = createPoolAct({ store, providers, spellOut: pendingStatus });
  const pass = async (): Promise<readonly string[]> => {
    const observed = await observe(KEY, NOW);
    if (!observed) return ['nothing to do'];
    const { actions } = decide(observed);
    for (const action of actions) await act(action, observed, signal);
    return actions.map(({ do: what }) => what);
  };
  const { spec } = pool();
  return { database, observe, act, pass, learned, offered, released, createPool: () => database.create('VMPool', { metadata: KEY, spec }) };
};
const newSession = (name: string, spec: object = {}) => ({ metadata: { namespace: 'default', name }, spec: { prompt: 'work', ...spec } });

test('pass by pass: the pool is held, a VM is made, the session is placed, and all is at rest', async () => {
  const { database, pass, learned, createPool } = openWorld();
  createPool();
  database.create('Session', newSession('a'));
  assert.equal([await pass(), await pass(), await pass(), await pass()], [['hold'], ['createVM'], ['placeSession'], []]);
  const vm = database.get('VM', { namespace: 'default', name: 'default-0' });
  assert.equal(vm?.metadata.finalizers, ['berth.dev/cleanup']);
  assert.equal(
    vm?.metadata.ownerReferences?.map(({ name, controller }) => [name, controller]),
    [['default', true]],
  );
  const placed = database.get('Session', { namespace: 'default', name: 'a' });
  assert.is(placed?.status?.vm?.uid, vm?.metadata.uid);
  assert.is(placed && startedOf(placed), 'no');
  assert.equal(learned, ['VMPool default', 'VM default-0', 'Session a']);
});

test('a placement made on an old version of the session is refused', async () => {
  const { database, observe, createPool } = openWorld();
  createPool();
  database.create('Session', newSession('a'));
  const observed = await observe(KEY, NOW);
  database.edit('Session', { namespace: 'default', name: 'a' }, { spec: { priority: 1 } });
  const [one] = observed?.sessions ?? [];
  const refused = createPoolAct({ store: openMemoryStore(database), providers: NONE, spellOut: pendingStatus })(
    { do: 'explainWait', session: one as never, wait: { reason: 'PoolFull', message: 'x' }, because: 'x' },
    observed as never,
    signal,
  );
  assert.match(await refused.then(String, String), 'changed meanwhile');
});

test('a deleted pool drains its VM, waits, and goes with its last VM', async () => {
  const { database, pass, released, createPool } = openWorld();
  const { metadata } = createPool();
  database.create('Session', newSession('a'));
  await pass();
  await pass();
  const session = database.get('Session', { namespace: 'default', name: 'a' });
  database.delete('Session', { ...KEY, name: 'a', uid: session?.metadata.uid ?? '' });
  database.delete('VMPool', { ...KEY, uid: metadata.uid });
  assert.equal(await pass(), ['drainVM']);
  const vm = database.get('VM', { namespace: 'default', name: 'default-0' });
  assert.ok(vm && isDraining(vm));
  assert.equal(await pass(), []);
  database.delete('VM', { ...KEY, name: 'default-0', uid: vm.metadata.uid });
  database.patchFinalizers('VM', { ...KEY, ...(database.get('VM', { ...KEY, name: 'default-0' })?.metadata ?? vm.metadata) }, []);
  assert.equal(released, []);
  assert.equal(await pass(), ['release']);
  assert.equal(released, ['default']);
  assert.equal(await pass(), ['nothing to do']);
});

test('a pool is not released while the store has a VM of it that no cache knows of', async () => {
  const { database, act, observe, released, createPool } = openWorld();
  createPool();
  database.create('Session', newSession('a'));
  const making = { do: 'createVM', name: 'default-0', vm: { size: 'l', slots: 4 }, because: 'x' } as never;
  const observed = (await observe(KEY, NOW)) as never;
  await act(making, observed, signal);
  assert.match(await act({ do: 'release', because: 'x' }, observed, signal).then(String, String), 'it still has VM default-0');
  assert.equal(released, []);
});

test('sees what is missing, what is broken, and when counters are due', async () => {
  const { database, observe, offered, createPool } = openWorld();
  createPool();
  offered.problem = 'no credentials';
  database.create('Session', newSession('a', { env: [{ name: 'K', secretRef: { name: 'keys', key: 'api' } }] }));
  const first = await observe(KEY, NOW);
  assert.equal(
    [first?.countersDue, first?.providerProblem, first?.missingSecrets.size, first?.freeNames.length],
    [true, 'no credentials', 1, 10],
  );
  database.secrets.set('default/keys', { api: 'secret' });
  const second = await observe(KEY, NOW + 4999);
  assert.equal([second?.countersDue, second?.missingSecrets.size], [false, 0]);
  assert.is((await observe(KEY, NOW + 5000))?.countersDue, true);
  assert.is((await observe(KEY, NOW - 3600_000))?.countersDue, true);
  offered.problem = undefined;
  assert.equal(
    (await observe(KEY, NOW))?.providerConditions?.map(({ type }) => type),
    ['DeadMansSwitch'],
  );
});

test('a name that a session still tells of is not used again', async () => {
  const { database, observe, createPool } = openWorld();
  createPool();
  const told = database.create('Session', newSession('a'));
  database.patchStatus(
    'Session',
    { ...KEY, name: 'a', uid: told.metadata.uid, resourceVersion: told.metadata.resourceVersion },
    { vm: { name: 'default-0', uid: 'gone' } },
  );
  assert.is((await observe(KEY, NOW))?.freeNames[0], 'default-1');
});

test('what machines shared stays where they are retained', async () => {
  const { database, pass, released, createPool } = openWorld();
  const { metadata } = createPool();
  await pass();
  database.edit('VMPool', KEY, { spec: { deletionPolicy: 'Retain' } });
  database.delete('VMPool', { ...KEY, uid: metadata.uid });
  assert.equal([await pass(), released], [['release'], []]);
});

test('an action on a pool that is not there is a bug', async () => {
  const { observe, database } = openWorld();
  database.create('Session', newSession('a'));
  const observed = await observe(KEY, NOW);
  const refused = createPoolAct({ store: openMemoryStore(database), providers: NONE, spellOut: pendingStatus })(
    { do: 'hold', because: 'x' },
    observed as never,
    signal,
  );
  assert.match(await refused.then(String, String), 'does not exist');
});

test.run();
