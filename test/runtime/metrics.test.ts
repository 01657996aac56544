import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { PassEnd } from '../../controller/runtime/controller.ts';
import { createMetrics } from '../../controller/runtime/metrics.ts';
import { createQueue, START_UP_PRIORITY } from '../../controller/runtime/queue.ts';
import { createFakeClock } from '../fakes/clock.ts';

const test = suite('metrics');

/** The value of a series, undefined when it is not there. */
const valueIn = (text: string, series: string): number | undefined => {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
};
const well: PassEnd = { result: 'success', seconds: 0.2, terminal: false, panicked: false, timedOut: false };

test("has controller-runtime's metrics of a controller, from the start", async () => {
  const metrics = createMetrics();
  const observer = metrics.controller('session', 4);
  const before = await metrics.render();
  assert.is(valueIn(before, 'controller_runtime_max_concurrent_reconciles{controller="session"}'), 4);
  for (const name of ['reconcile_errors_total', 'terminal_reconcile_errors_total', 'reconcile_panics_total', 'reconcile_timeouts_total']) {
    assert.is(valueIn(before, `controller_runtime_${name}{controller="session"}`), 0, name);
  }
  observer.started();
  observer.started();
  observer.finished(well);
  observer.started();
  observer.finished({ ...well, result: 'error', terminal: true, panicked: true, timedOut: true });
  const text = await metrics.render();
  assert.is(valueIn(text, 'controller_runtime_active_workers{controller="session"}'), 1);
  assert.is(valueIn(text, 'controller_runtime_reconcile_total{controller="session",result="success"}'), 1);
  assert.is(valueIn(text, 'controller_runtime_reconcile_total{controller="session",result="requeue_after"}'), 0);
  assert.is(valueIn(text, 'controller_runtime_reconcile_time_seconds_bucket{le="0.2",controller="session"}'), 2);
  for (const name of ['reconcile_errors_total', 'terminal_reconcile_errors_total', 'reconcile_panics_total', 'reconcile_timeouts_total']) {
    assert.is(valueIn(text, `controller_runtime_${name}{controller="session"}`), 1, name);
  }
});

test('has the work queue metrics, those of its present state read at the scrape', async () => {
  const metrics = createMetrics();
  const clock = createFakeClock();
  const queue = createQueue({ name: 'session', clock, observer: metrics.queue('session') });
  metrics.watchQueue(queue);
  const of = (name: string) => `workqueue_${name}{name="session",controller="session"}`;

  queue.add('a');
  queue.add('b', { priority: START_UP_PRIORITY });
  queue.add('c', { priority: START_UP_PRIORITY });
  await clock.advance(1_000);
  await queue.take(new AbortController().signal);
  await queue.take(new AbortController().signal);
  await clock.advance(2_000);
  const busy = await metrics.render();
  assert.is(valueIn(busy, 'workqueue_depth{name="session",controller="session",priority="0"}'), 0);
  assert.is(valueIn(busy, 'workqueue_depth{name="session",controller="session",priority="-100"}'), 1);
  assert.is(valueIn(busy, of('unfinished_work_seconds')), 4);
  assert.is(valueIn(busy, of('longest_running_processor_seconds')), 2);
  assert.is(valueIn(busy, of('adds_total')), 3);
  assert.is(valueIn(busy, of('queue_duration_seconds_sum')), 2);

  queue.retry('a', 60_000);
  for (const key of ['a', 'b']) queue.done(key);
  const idle = await metrics.render();
  assert.is(valueIn(idle, of('retries_total')), 1);
  assert.is(valueIn(idle, of('work_duration_seconds_sum')), 4);
  assert.is(valueIn(idle, of('unfinished_work_seconds')), 0);
});

test('reads own gauges at the scrape, forgets series that are no more, and records durations', async () => {
  const metrics = createMetrics();
  let counts: Record<string, number> = { Running: 2, Pending: 1 };
  metrics.gauge({
    name: 'berth_sessions',
    help: 'Sessions by phase',
    labels: ['phase'],
    collect: () => Object.entries(counts).map(([phase, value]) => ({ labels: { phase }, value })),
  });
  metrics.duration('berth_placement_duration_seconds', 'From creation to placement', [1, 10])(3);
  assert.is(valueIn(await metrics.render(), 'berth_sessions{phase="Pending"}'), 1);
  counts = { Running: 3 };
  const text = await metrics.render();
  assert.is(valueIn(text, 'berth_sessions{phase="Running"}'), 3);
  assert.is(valueIn(text, 'berth_sessions{phase="Pending"}'), undefined);
  assert.is(valueIn(text, 'berth_placement_duration_seconds_bucket{le="10"}'), 1);
  assert.match(metrics.contentType, /^text\/plain/);
});

test("has client-go's metrics of requests to the API server", async () => {
  const metrics = createMetrics();
  const record = metrics.requests();
  record('GET', '200', 0.02);
  record('GET', '<error>', 31);
  const text = await metrics.render();
  assert.is(valueIn(text, 'rest_client_requests_total{code="200",method="GET"}'), 1);
  assert.is(valueIn(text, 'rest_client_requests_total{code="<error>",method="GET"}'), 1);
  assert.is(valueIn(text, 'rest_client_request_duration_seconds_bucket{le="0.025",verb="GET"}'), 1);
});

test('keeps the metrics of two operators in one process apart, and those of the process out unless asked', async () => {
  const [one, two] = [createMetrics(), createMetrics({ process: true })];
  one.controller('session', 1);
  assert.is((await two.render()).includes('session'), false);
  assert.is(valueIn(await one.render(), 'process_resident_memory_bytes'), undefined);
  assert.ok((valueIn(await two.render(), 'process_resident_memory_bytes') ?? 0) > 0);
});

test.run();
