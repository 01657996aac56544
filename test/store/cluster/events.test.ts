import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { createEventSeries } from '../../../controller/store/cluster/event-series.ts';
import { createEventRecorder, readClusterEvents } from '../../../controller/store/cluster/events.ts';
import type { EventRecord } from '../../../controller/store/store.ts';
import { type FakeApiServer, refused, startApiServer } from '../../fakes/api-server.ts';
import { createFakeClock, type FakeClock } from '../../fakes/clock.ts';
import { fastClock } from '../../fakes/fast-clock.ts';
import { until } from '../../fakes/until.ts';

const test = suite('cluster events');
const MINUTE = 60_000;

interface Patch {
  readonly series: { readonly count: number };
}

const event = (message = 'it fits best on p-0', name = 's', reason = 'PlacedSession'): EventRecord => ({
  type: 'Normal',
  reason,
  message,
  regarding: { kind: 'Session', uid: `uid-${name}`, namespace: 'default', name },
});

test('the second of a kind makes a series, later ones wait for the refresh, silence ends it', () => {
  const series = createEventSeries();
  const first = series.add(event(), 0);
  assert.is(first?.count, 1);
  if (first) first.writtenCount = 1;
  const second = series.add(event(), MINUTE);
  assert.ok(second === first && second?.count === 2);
  if (second) second.writtenCount = 2;
  for (let n = 2; n <= 31; n += 1) assert.is(series.add(event(), n * MINUTE), undefined);
  assert.equal(series.due(31 * MINUTE), [first]);
  if (first) {
    first.writtenCount = first.count;
    first.writtenAt = 31 * MINUTE;
  }
  assert.equal(series.due(32 * MINUTE), []);
  series.add(event(), 32 * MINUTE);
  assert.equal(series.due(40 * MINUTE), [first]);
  assert.equal(series.due(50 * MINUTE), []);
  assert.is.not(series.add(event(), 51 * MINUTE), first);
});

test('more than ten that are alike become one', () => {
  const series = createEventSeries();
  const written = Array.from({ length: 14 }, (_, n) => series.add(event(`attempt ${n}`), n));
  assert.is(written.filter((each) => each !== undefined).length, 12);
  assert.is(written[10]?.event.message, '(combined from similar events): attempt 10');
  assert.is(written[11], written[10]);
  assert.is(series.add(event('later'), 11 * MINUTE)?.event.message, 'later');
});

test('an object has a burst of 25 and one every five minutes, another one its own', () => {
  const series = createEventSeries();
  const reasons = Array.from({ length: 30 }, (_, n) => `Reason${n}`);
  assert.is(reasons.filter((reason) => series.add(event('m', 's', reason), 0)).length, 25);
  assert.ok(series.add(event('m', 'other'), 0));
  assert.ok(series.add(event('m', 's', 'Later'), 5 * MINUTE));
  assert.not.ok(series.add(event('m', 's', 'Latest'), 5 * MINUTE));
});

test('memory is bounded', () => {
  const series = createEventSeries();
  for (let n = 0; n < 5_000; n += 1) series.add(event('m', `s-${n}`), 0);
  assert.is(series.add(event('m', 's-0'), 0)?.count, 1);
});

const inWorld =
  (body: (server: FakeApiServer, recorder: ReturnType<typeof createEventRecorder>) => Promise<void>) => async (): Promise<void> => {
    const server = await startApiServer();
    let made = 0;
    const clock = { ...fastClock(1000), now: systemClock.now };
    const recorder = createEventRecorder({ api: server.api, clock, identity: 'host_1_u', newSuffix: () => `x${++made}` });
    try {
      await body(server, recorder);
    } finally {
      await recorder.close();
      await server.close();
    }
  };

test(
  'are written as events.k8s.io has them, and read back',
  inWorld(async (server, recorder) => {
    recorder.record(event(`long ${'ä'.repeat(1000)}`));
    recorder.record(event('short'));
    recorder.record(event('short'));
    await until(() => server.objects.size === 2);
    await recorder.close();
    const [long, short] = [...server.objects.values()] as unknown as readonly Record<string, unknown>[];
    const { note, eventTime, reportingController, action } = long as Record<string, string>;
    assert.ok(Buffer.byteLength(note ?? '') <= 1024 && note?.endsWith('ä'));
    assert.match(eventTime ?? '', /\.\d{6}Z$/);
    assert.equal([reportingController, action], ['berth.dev/controller', 'PlacedSession']);
    assert.equal((short?.series as { count?: number } | undefined)?.count, 2);
    const read = await readClusterEvents(server.api, 'default');
    assert.equal(
      read.map(({ kind, name, count, reason }) => [kind, name, count, reason]),
      [
        ['Session', 's', 1, 'PlacedSession'],
        ['Session', 's', 2, 'PlacedSession'],
      ],
    );
    assert.is((await readClusterEvents(server.api, undefined)).length, 2);
  }),
);

test(
  'an event that expired on the server is made anew, and an outage is waited for a while',
  inWorld(async (server, recorder) => {
    recorder.record(event());
    await until(() => server.objects.size === 1);
    server.vanish([...server.objects.keys()][0] ?? '');
    let failures = 0;
    server.fault = () => (failures++ < 2 ? refused(500, 'InternalError') : undefined);
    recorder.record(event());
    await until(() => server.objects.size === 1);
    assert.ok([...server.objects.keys()][0]?.endsWith('s.x2'));
  }),
);

test(
  'a server without events, or one that refuses, costs one attempt',
  inWorld(async (server, recorder) => {
    server.fault = () => refused(404, 'NotFound');
    recorder.record(event('a'));
    recorder.record(event('b'));
    await until(() => server.asked.length === 2);
    await recorder.close();
    assert.is(server.asked.length, 2);
  }),
);

const inStandingTime =
  (body: (server: FakeApiServer, recorder: ReturnType<typeof createEventRecorder>, clock: FakeClock) => Promise<void>) =>
  async (): Promise<void> => {
    const server = await startApiServer();
    const clock = createFakeClock();
    const recorder = createEventRecorder({ api: server.api, clock, identity: 'host_1_u', newSuffix: () => 'x' });
    try {
      await body(server, recorder, clock);
    } finally {
      await recorder.close();
      await server.close();
    }
  };

test(
  'what does not fit into the queue any more is left to the end of its series',
  inStandingTime(async (server, recorder, clock) => {
    server.fault = () => refused(404, 'NotFound');
    const told = () => new Set(server.asked.map(({ body }) => (body as { readonly regarding: { readonly name: string } }).regarding.name));
    for (let n = 0; n < 1_050; n += 1) recorder.record(event('m', `s-${n}`));
    await until(() => told().size === 1_001);
    assert.not.ok(told().has('s-1001'));
    await clock.advance(7 * MINUTE);
    await until(() => told().size === 1_050);
  }),
);

test(
  'how often it came is written when it is over, and when the recorder ends',
  inStandingTime(async (server, recorder, clock) => {
    const counts = () => server.asked.flatMap(({ method, body }) => (method === 'PATCH' ? [(body as Patch).series.count] : []));
    for (const name of ['s', 't']) {
      const before = [server.objects.size, counts().length] as const;
      recorder.record(event('m', name));
      await until(() => server.objects.size === before[0] + 1);
      recorder.record(event('m', name));
      await until(() => counts().length === before[1] + 1);
      recorder.record(event('m', name));
      if (name === 's') await clock.advance(7 * MINUTE);
      else await recorder.close();
      await until(() => counts().length === before[1] + 2);
    }
    assert.equal(counts(), [2, 3, 2, 3]);
  }),
);

test(
  'events of others are read with what they say, the rest is filled in',
  inWorld(async (server) => {
    const metadata = { namespace: 'default', creationTimestamp: '2026-01-02T03:04:05Z' };
    const mine = { metadata, type: 'Warning', eventTime: null, regarding: { apiVersion: 'berth.dev/v1alpha1' } };
    server.fault = () => ({ status: 200, body: { metadata: {}, items: [mine, { metadata, regarding: { apiVersion: 'v1' } }] } });
    const time = '2026-01-02T03:04:05Z';
    assert.equal(await readClusterEvents(server.api, 'default'), [
      {
        type: 'Warning',
        reason: '',
        message: '',
        kind: 'Session',
        namespace: 'default',
        name: '',
        firstTime: time,
        lastTime: time,
        count: 1,
      },
    ]);
  }),
);

test.run();
