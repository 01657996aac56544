import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { VM } from '../controller/api/types.generated.ts';
import { registerGauges } from '../controller/gauges.ts';
import { createOperator } from '../controller/operator.ts';
import type { Machine, ProviderModule } from '../controller/provider/provider.ts';
import { createMetrics } from '../controller/runtime/metrics.ts';
import type { Hosts } from '../controller/session/host.ts';
import { offering, pool } from './builders/pool.ts';
import { NOW } from './builders/time.ts';
import { host, machine } from './builders/vm-world.ts';
import { createFakeClock } from './fakes/clock.ts';
import { createMemoryLog } from './fakes/logger.ts';
import { createMemoryLogs, openMemoryLogStore } from './fakes/memory-log-store.ts';
import { createMemoryDatabase, openMemoryStore } from './fakes/memory-store.ts';
import { createToldHosts } from './fakes/told-hosts.ts';

const test = suite('operator');

/** An operator whose machines run as soon as they are asked for, and whose hosts answer as soon as they are connected. */
const openWorld = () => {
  let uids = 0;
  const clock = createFakeClock(NOW);
  const database = createMemoryDatabase({ now: clock.now, newUID: () => `uid-${++uids}` });
  const machines = new Map<string, Machine>();
  const module: ProviderModule = {
    type: 'Local',
    open: () => ({
      list: async () => [...machines.values()],
      create: async ({ metadata: { uid } }: VM) => void machines.set(uid, machine('running', { vmUID: uid, hourlyUSD: '1.25' })),
      delete: async ({ vmUID }) => void machines.delete(vmUID),
      connect: () => ({}) as never,
      offerings: () => [offering('l', { hourlyUSD: '1.25' })],
    }),
  };
  const told = createToldHosts();
  const hosts: Hosts = { ...told, open: (vmUID) => told.set(vmUID, host()) };
  const metrics = createMetrics();
  const stop = new AbortController();
  const operator = createOperator({
    store: openMemoryStore(database),
    providers: new Map([['Local', module]]),
    hosts,
    logs: openMemoryLogStore(createMemoryLogs()),
    clock,
    log: createMemoryLog(),
    random: () => 0,
    metrics,
    freeze: true,
  });
  registerGauges(metrics, operator.informers);
  const launched = () =>
    told.told.filter(([what]) => what === 'launch').map(([, , spec]) => (spec as { session: { name: string } }).session.name);
  const create = (kind: 'Session' | 'VMPool', name: string, spec: object) =>
    database.create(kind, { metadata: { namespace: 'default', name }, spec: spec as never });
  return { clock, database, machines, metrics, operator, launched, create, run: () => operator.run(stop.signal), stop: () => stop.abort() };
};

test('from a session to its launch: what exists at the start, what comes later, and what is told of it', async () => {
  const { clock, database, metrics, launched, create, run, stop } = openWorld();
  create('VMPool', 'default', pool().spec);
  create('Session', 'first', { prompt: 'work' });
  const running = run();
  await clock.advance(10_000);
  assert.is(launched()[0], 'first');
  create('Session', 'later', { prompt: 'work' });
  await clock.advance(1_000);
  assert.ok(launched().includes('later'));
  const reasons = new Set(database.events.map(({ reason }) => reason));
  for (const reason of ['CreatedVM', 'CreatingMachine', 'PlacedSession', 'LaunchedSession']) assert.ok(reasons.has(reason), reason);

  const text = await metrics.render();
  for (const line of [
    'berth_sessions{phase="Pending"} 2',
    'berth_vms{phase="Ready"} 1',
    'berth_slots{state="used"} 2',
    'berth_slots{state="free"} 2',
    'berth_hourly_usd 1.25',
    'controller_runtime_max_concurrent_reconciles{controller="vmpool"} 2',
  ]) {
    assert.ok(text.includes(line), `${line} in ${text.match(/^berth.*$/gm)?.join('; ')}`);
  }
  stop();
  await running;
});

test('looks at everything anew when it is told to, as after a sleep', async () => {
  const { clock, machines, operator, create, run, stop } = openWorld();
  create('VMPool', 'default', { ...pool().spec, minVMs: 1 });
  const running = run();
  await clock.advance(10_000);
  const present = () => operator.informers.VM.list().flatMap(({ metadata, status }) => (status?.phase === 'Ready' ? [metadata.uid] : []));
  const before = present();
  assert.is(before.length, 1);
  machines.clear();
  await clock.advance(2_000);
  assert.equal(present(), before);
  operator.wakeAll();
  await clock.advance(50);
  assert.not.equal(present(), before);
  stop();
  await running;
});

test('shows what nobody has looked at yet as waiting', async () => {
  const { metrics, operator, create } = openWorld();
  const informers = operator.informers;
  informers.Session.learn(create('Session', 'a', { prompt: 'work' }) as never);
  informers.VMPool.learn(create('VMPool', 'default', pool().spec) as never);
  const text = await metrics.render();
  assert.ok(text.includes('berth_sessions{phase="Pending"} 1'));
  assert.ok(text.includes('berth_hourly_usd 0'));
});

test.run();
