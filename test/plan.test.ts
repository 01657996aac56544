import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { plan } from '../controller/plan.ts';
import { condition } from './builders/condition.ts';
import { offering, pool } from './builders/pool.ts';
import { session } from './builders/session.ts';
import { ago, NOW } from './builders/time.ts';
import { failedVM, readyVM } from './builders/vm.ts';
import { fakeClient } from './fakes/client.ts';

const test = suite('plan');

const modules = new Map([['Local' as const, { type: 'Local' as const, open: () => ({ offerings: () => [offering('l')] }) as never }]]);

test('tells what would be done, at what price, and who waits why, in the order of the queue', async () => {
  const client = fakeClient();
  client.put('VMPool', pool({ spec: { maxVMs: 2 } }));
  client.put('VM', readyVM('default-0', { spec: { slots: 1 } }));
  for (const [n, name] of ['a', 'b', 'c', 'd', 'e', 'f'].entries())
    client.put('Session', session(name, { meta: { creationTimestamp: ago(90 - n) } }));
  const { pools } = await plan(client, modules, NOW);
  assert.equal(pools[0]?.actions, [
    { do: 'placeSession', on: 'a', because: 'it fits best on default-0' },
    { do: 'createVM', on: 'default-1', because: 'session b fits on no VM', hourlyUSD: '1' },
  ]);
  assert.equal(
    pools[0]?.waiting.map(({ session: name, reason, position }) => `${position} ${name} ${reason}`),
    ['2 b VMBooting', '3 c VMBooting', '4 d VMBooting', '5 e VMBooting', '6 f PoolFull'],
  );
});

test('tells the present reason, not the one that was told before', async () => {
  const client = fakeClient();
  client.put('VMPool', pool());
  client.put('Session', session('a', { status: { conditions: [condition('Placed', 'False', 'PoolFull')] } }));
  const { pools } = await plan(client, modules, NOW);
  assert.is(pools[0]?.waiting[0]?.reason, 'VMBooting');
});

test('tells of sessions whose pool does not exist, and of VMs that would go', async () => {
  const client = fakeClient();
  client.put('Session', session('a'));
  assert.is((await plan(client, modules, NOW)).pools[0]?.waiting[0]?.reason, 'PoolNotFound');
  client.put('VMPool', pool({ meta: { finalizers: [] } }));
  client.put('VM', readyVM('default-0', { spec: { cordoned: true } }));
  const { pools } = await plan(client, modules, NOW);
  assert.equal(
    pools[0]?.actions.map(({ do: what, on }) => `${what} ${on}`),
    ['hold default', 'drainVM default-0'],
  );
});

test('tells what the pool is offered at what price, what of it is refused, and what backs off after a VM that failed', async () => {
  const client = fakeClient();
  const offered = [
    offering('l', { sku: 'A', region: 'west', available: false, reason: 'QuotaExceeded', message: 'limit 0', retryTime: ago(-600) }),
    offering('l', { sku: 'A', region: 'east', room: 2 }),
    offering('s', { sku: '' }),
  ];
  const module = { type: 'Local' as const, open: () => ({ offerings: () => offered }) as never };
  client.put('VMPool', pool({ spec: { sizes: [{ name: 'l' }, { name: 's' }] } }));
  client.put('VM', failedVM('default-0', 0, { status: { sku: 'A', region: 'east' } }));
  client.put('Session', session('a', { spec: { size: 'l', region: 'east' } }));
  const { pools } = await plan(client, new Map([['Local' as const, module]]), NOW);
  assert.equal(pools[0]?.offers, [
    {
      size: 'l',
      sku: 'A',
      region: 'west',
      available: false,
      hourlyUSD: '1',
      reason: 'QuotaExceeded',
      message: 'limit 0',
      retryTime: ago(-600),
    },
    { size: 'l', sku: 'A', region: 'east', available: false, hourlyUSD: '1', room: 2, reason: 'VMFailed', retryTime: ago(-60) },
    { size: 's', sku: 's', region: 'local', available: true, hourlyUSD: '1' },
  ]);
});

test('a VM in a region is planned at the price it has there', async () => {
  const client = fakeClient();
  const offered = [offering('l', { region: 'west', hourlyUSD: '2' }), offering('l', { region: 'east', hourlyUSD: '3' })];
  const module = { type: 'Local' as const, open: () => ({ offerings: () => offered }) as never };
  client.put('VMPool', pool());
  client.put('Session', session('a', { spec: { region: 'east' } }));
  const { pools } = await plan(client, new Map([['Local' as const, module]]), NOW);
  assert.equal(
    pools[0]?.actions.map(({ do: what, hourlyUSD }) => [what, hourlyUSD]),
    [['createVM', '3']],
  );
});

test.run();
