import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OperatorError } from '../../../controller/api/error.ts';
import type { Session, VM, VMPool } from '../../../controller/api/types.generated.ts';
import type { Machine } from '../../../controller/provider/provider.ts';
import { SESSION_INDEXES } from '../../../controller/reconcilers/indexes.ts';
import { createMachines } from '../../../controller/reconcilers/vm/machines.ts';
import { createVMObserve } from '../../../controller/reconcilers/vm/observe.ts';
import { createCache } from '../../../controller/runtime/cache.ts';
import { runKey } from '../../../controller/session/host.ts';
import { pool } from '../../builders/pool.ts';
import { finished, placed, session } from '../../builders/session.ts';
import { endedRun, run } from '../../builders/session-world.ts';
import { ago, NOW } from '../../builders/time.ts';
import { readyVM } from '../../builders/vm.ts';
import { host, machine } from '../../builders/vm-world.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { createToldHosts } from '../../fakes/told-hosts.ts';

const test = suite('vm: observe');

const { signal } = new AbortController();
const vm = readyVM('default-0');

const openWorld = (
  world: {
    sessions?: readonly Session[];
    storedPool?: () => VMPool | undefined;
    poolUID?: string;
    list?: () => Promise<readonly Machine[]>;
    hostKey?: string;
  } = {},
) => {
  const caches = { sessions: createCache<'Session'>(SESSION_INDEXES), vms: createCache<'VM'>(), pools: createCache<'VMPool'>() };
  for (const one of world.sessions ?? []) caches.sessions.put(one);
  caches.vms.put(vm);
  if (!world.storedPool) caches.pools.put(pool({ meta: { uid: world.poolUID ?? 'default' } }));
  const hosts = createToldHosts();
  const clock = createFakeClock(NOW);
  let listings = 0;
  const list = async () => {
    listings += 1;
    return world.list ? world.list() : [machine()];
  };
  const machines = createMachines({ of: () => ({ list }) as never }, clock);
  const store = { get: async () => world.storedPool?.() as never };
  const observe = createVMObserve({ ...caches, store, hosts, machine: machines.find, hostKey: async () => world.hostKey });
  return {
    observe: (name = 'default-0') => observe({ namespace: 'default', name }, NOW, signal),
    put: (changed: VM) => caches.vms.put(changed),
    putSession: (changed: Session) => caches.sessions.put(changed),
    hosts,
    clock,
    machines,
    listings: () => listings,
  };
};

test('a session that comes to it while its machine is looked for is seen', async () => {
  const world = openWorld({
    list: async () => {
      world.putSession(placed('late', vm));
      return [machine()];
    },
  });
  const observed = await world.observe();
  assert.equal(
    observed?.sessions.map(({ metadata }) => metadata.name),
    ['late'],
  );
});

test('a VM object that is gone is nobody to look after', async () => {
  assert.is(await openWorld().observe('default-9'), undefined);
});

test('sees its pool and its machine, and of a pool that is another one of the name neither', async () => {
  const own = await openWorld().observe();
  assert.equal([own?.pool?.metadata.uid, own?.machine?.id, own?.host], ['default', 'machine', undefined]);
  const { observe, listings } = openWorld({ poolUID: 'another' });
  const other = await observe();
  assert.equal([other?.pool, other?.machine, listings()], [undefined, undefined, 0]);
});

test('its pool is gone only where the store says so', async () => {
  assert.is((await openWorld({ storedPool: () => pool() }).observe())?.pool?.metadata.uid, 'default');
  assert.is((await openWorld({ storedPool: () => undefined }).observe())?.pool, undefined);
  const unreadable = (): never => {
    throw new OperatorError('unavailable', 'cannot read it');
  };
  assert.match(await openWorld({ storedPool: unreadable }).observe().then(String, String), 'cannot read it');
});

test('asks for the keys of a machine only while it is not there and they are not recorded', async () => {
  const empty = { list: async () => [], hostKey: 'ssh-ed25519 AAAA' };
  assert.is((await openWorld(empty).observe())?.hostKey, 'ssh-ed25519 AAAA');
  assert.is((await openWorld({ hostKey: 'ssh-ed25519 AAAA' }).observe())?.hostKey, undefined);
  const recorded = openWorld(empty);
  recorded.put({ ...vm, metadata: { ...vm.metadata, resourceVersion: '2' }, status: { ...vm.status, hostKey: 'ssh-ed25519 AAAA' } });
  assert.is((await recorded.observe())?.hostKey, undefined);
});

test('a machine that is not listed is not there; a provider that does not answer is a problem', async () => {
  const none = await openWorld({ list: async () => [] }).observe();
  assert.equal([none?.machine, none?.providerProblem], [undefined, undefined]);
  const down = await openWorld({ list: () => Promise.reject(new Error('the provider is down')) }).observe();
  assert.equal([down?.machine, down?.providerProblem], [undefined, 'the provider is down']);
});

test('sees the unfinished sessions on it, and when the last of the others ended', async () => {
  const ended = (name: string, seconds: number) => finished(name, vm, 'Completed', { status: { completionTime: ago(seconds) } });
  const sessions = [ended('b', 50), placed('a', vm, 'yes'), ended('c', 20), placed('d', readyVM('default-1'))];
  const observed = await openWorld({ sessions }).observe();
  assert.equal(
    observed?.sessions.map(({ metadata }) => metadata.name),
    ['a'],
  );
  assert.is(observed?.lastSessionEnd, ago(20));
  assert.is((await openWorld().observe())?.lastSessionEnd, undefined);
});

test('runs whose session is gone, or another one of the name, are strays', async () => {
  const { observe, hosts } = openWorld({ sessions: [placed('a', vm, 'yes'), session('b', { meta: { uid: 'new' } })] });
  const runs = [run('a'), run('b'), endedRun('gone', { cause: 'exited', code: 0 }, { attempt: 2 })];
  hosts.set('default-0', host('reachable', { runs: new Map(runs.map((facts) => [runKey(facts), facts])) }));
  assert.equal((await observe())?.strayRuns, [
    { uid: 'b', attempt: 1, session: run('b').session, ended: false },
    { uid: 'gone', attempt: 2, session: run('gone').session, ended: true },
  ]);
});

test('one listing serves all for a while, is forgotten on demand, and a failed one is not kept', async () => {
  let isDown = false;
  const world = openWorld({ list: () => (isDown ? Promise.reject(new Error('down')) : Promise.resolve([machine()])) });
  await Promise.all([world.observe(), world.observe()]);
  await world.clock.advance(1_400);
  await world.observe();
  assert.is(world.listings(), 1);
  await world.clock.advance(100);
  await world.observe();
  assert.is(world.listings(), 2);
  world.machines.forget('default');
  isDown = true;
  assert.is((await world.observe())?.providerProblem, 'down');
  isDown = false;
  assert.is((await world.observe())?.machine?.id, 'machine');
  assert.is(world.listings(), 4);
});

test('a machine that is said to be there is gone only when a later listing does not show it either', async () => {
  let machines: readonly Machine[] = [];
  const world = openWorld({ list: async () => machines });
  const { providerID: _, ...unmade } = vm.status ?? {};
  world.put({ ...vm, metadata: { ...vm.metadata, resourceVersion: '2' }, status: unmade });
  await world.observe();
  machines = [machine()];
  assert.is((await world.observe())?.machine, undefined);
  world.put({ ...vm, metadata: { ...vm.metadata, resourceVersion: '3' } });
  assert.is((await world.observe())?.machine?.id, 'machine');
  assert.is(world.listings(), 2);
  machines = [];
  await world.clock.advance(2_000);
  const [one, other] = await Promise.all([world.observe(), world.observe()]);
  assert.equal([one?.machine, other?.machine, world.listings()], [undefined, undefined, 4]);
});

test.run();
