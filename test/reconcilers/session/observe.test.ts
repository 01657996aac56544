import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OperatorError } from '../../../controller/api/error.ts';
import type { Session, VM } from '../../../controller/api/types.generated.ts';
import { SESSION_INDEXES } from '../../../controller/reconcilers/indexes.ts';
import { createSessionObserve } from '../../../controller/reconcilers/session/observe.ts';
import { createCache } from '../../../controller/runtime/cache.ts';
import { type RunFacts, runKey } from '../../../controller/session/host.ts';
import { pool } from '../../builders/pool.ts';
import { finished, placed, session } from '../../builders/session.ts';
import { run } from '../../builders/session-world.ts';
import { ago, NOW } from '../../builders/time.ts';
import { readyVM } from '../../builders/vm.ts';
import { host } from '../../builders/vm-world.ts';
import { createMemoryLogs, openMemoryLogStore } from '../../fakes/memory-log-store.ts';
import { createToldHosts } from '../../fakes/told-hosts.ts';

const test = suite('session: observe');

const KEY = { namespace: 'default', name: 'a' };
const vm = readyVM('default-0');

/** What the store says where the cache knows nothing. */
let stored: (name: string) => VM | undefined = () => undefined;

const openWorld = (one?: Session, ...runs: readonly RunFacts[]) => {
  const caches = { sessions: createCache<'Session'>(SESSION_INDEXES), vms: createCache<'VM'>(), pools: createCache<'VMPool'>() };
  if (one) caches.sessions.put(one);
  caches.vms.put(vm);
  caches.pools.put(pool());
  const hosts = createToldHosts();
  hosts.set('default-0', host('reachable', { message: 'well', runs: new Map(runs.map((facts) => [runKey(facts), facts])) }));
  const logs = createMemoryLogs();
  const secrets = new Map<string, Readonly<Record<string, string>>>();
  const turns = { left: 1 };
  const observe = createSessionObserve({
    ...caches,
    hosts,
    logs: openMemoryLogStore(logs),
    store: { get: async (_, { name }) => stored(name) as never, secret: async ({ name }) => secrets.get(name) },
    outputIntervalMs: 10_000,
    takeOutputTurn: () => turns.left-- > 0,
  });
  return { observe: (now = NOW) => observe(KEY, now), hosts, logs, secrets };
};

test('a session that is gone is nobody to look after', async () => {
  assert.is(await openWorld().observe(), undefined);
});

test('one that was never placed has its pool and no VM', async () => {
  const observed = await openWorld(session('a')).observe();
  assert.equal(
    [observed?.pool?.metadata.name, observed?.vm, observed?.hostState, observed?.outputDue],
    ['default', undefined, undefined, false],
  );
  const elsewhere = await openWorld(session('a', { spec: { poolRef: { name: 'none' } } })).observe();
  assert.is(elsewhere?.pool, undefined);
});

test('a new one awaits the word of its pool for a minute, one that was written of does not', async () => {
  const { observe } = openWorld(session('a'));
  assert.is((await observe())?.awaitsPoolUntil, NOW + 60_000);
  assert.is((await observe(NOW + 59_999))?.awaitsPoolUntil, NOW + 60_000);
  assert.is((await observe(NOW + 60_000))?.awaitsPoolUntil, undefined);
  assert.is((await openWorld(placed('a', vm)).observe())?.awaitsPoolUntil, undefined);
  assert.is((await openWorld(session('a', { spec: { poolRef: { name: 'none' } } })).observe())?.awaitsPoolUntil, undefined);
});

test('sees its VM, its host, and the run of this very attempt', async () => {
  const facts = run('a', { attempt: 2 });
  const observed = await openWorld(placed('a', vm, 'yes', { status: { attempt: 2 } }), run('a'), facts).observe();
  assert.equal([observed?.vm, observed?.hostState, observed?.hostMessage, observed?.run], [vm, 'reachable', 'well', facts]);
});

test('another VM of the name is not its VM, and a host that is not connected says nothing', async () => {
  const { observe, hosts } = openWorld(placed('a', { ...vm, metadata: { ...vm.metadata, uid: 'another' } }, 'yes'));
  hosts.set('default-0', undefined);
  const observed = await observe();
  assert.equal([observed?.vm, observed?.hostState], [undefined, undefined]);
});

test('the VM of an unfinished session is gone only where the store says so', async () => {
  const [unseen, unreadable] = [readyVM('unseen'), readyVM('unreadable')];
  stored = (name) => {
    if (name === 'unreadable') throw new OperatorError('unavailable', 'cannot read it');
    return name === 'unseen' ? unseen : undefined;
  };
  assert.is((await openWorld(placed('a', unseen, 'yes')).observe())?.vm, unseen);
  assert.is((await openWorld(placed('a', readyVM('gone'), 'yes')).observe())?.vm, undefined);
  assert.match(
    await openWorld(placed('a', unreadable, 'yes'))
      .observe()
      .then(String, String),
    'cannot read it',
  );
  assert.is((await openWorld(finished('a', unreadable, 'Completed')).observe())?.vm, undefined);
});

test('asks the log store where the VM does not tell of a run that was started', async () => {
  const started = openWorld(placed('a', vm, 'yes'));
  started.logs.append({ ...KEY, uid: 'a', attempt: 1 }, 0, 'hello\n');
  assert.is((await started.observe())?.log?.bytes, 6);
  assert.is((await openWorld(placed('a', vm, 'yes'), run('a')).observe())?.log, undefined);
  assert.is((await openWorld(finished('a', vm, 'Completed')).observe())?.log, undefined);
});

test('tells what secret keeps it from being launched, until the secret is there', async () => {
  const spec = { env: [{ name: 'K', secretRef: { name: 'keys', key: 'api' } }] };
  const { observe, secrets } = openWorld(placed('a', vm, 'launching', { spec }));
  assert.match((await observe())?.secretProblem ?? '', 'there is no secret keys');
  secrets.set('keys', {});
  assert.match((await observe())?.secretProblem ?? '', 'has no key api');
  secrets.set('keys', { api: 'hush' });
  assert.is((await observe())?.secretProblem, undefined);
});

test('new output is due where status is old enough, or ahead of a clock that was set back, and it has a turn', async () => {
  const due = async (output: { readonly bytes: number; readonly age: number } | undefined, one = 'yes' as const) => {
    const known = output && { bytes: output.bytes, lines: 1, truncated: false, updatedTime: ago(output.age) };
    const world = openWorld(placed('a', vm, one, { status: known ? { output: known } : {} }), run('a'));
    return [(await world.observe())?.outputDue, (await world.observe())?.outputDue];
  };
  assert.equal(await due(undefined), [true, false]);
  assert.equal(await due({ bytes: 5, age: 10 }), [true, false]);
  assert.equal(await due({ bytes: 5, age: 9 }), [false, false]);
  assert.equal(await due({ bytes: 5, age: -60 }), [true, false]);
  assert.equal(await due({ bytes: 12, age: 60 }), [false, false]);
  assert.is((await openWorld(finished('a', vm, 'Completed'), run('a')).observe())?.outputDue, false);
});

test.run();
