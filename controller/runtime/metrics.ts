// Prometheus metrics, one registry an operator, with exactly controller-runtime's names, so that dashboards and alerts
// made for any operator work here. Our own (`berth_…`) are added by who feeds them. Heavy: only a controller loads this.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ControllerObserver } from './controller.ts';
import type { Queue, QueueObserver } from './queue.ts';

export interface Metrics {
  readonly contentType: string;
  /** The text format. */
  render(): Promise<string>;
  controller(name: string, workers: number): ControllerObserver;
  queue(name: string): QueueObserver;
  /** Reads the queue's present state at every scrape. */
  watchQueue(queue: Queue): void;
  /** A gauge read at every scrape. No label may name an object: its values would grow without bound. */
  gauge<L extends string>(options: GaugeOptions<L>): void;
  /** Returns the function that records one request to the API server; `<error>` as its code when there was no answer. */
  requests(): (method: string, code: string, seconds: number) => void;
  /** Returns the function that records one duration in seconds. */
  duration(name: string, help: string, buckets: readonly number[]): (seconds: number) => void;
}

export interface GaugeOptions<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly L[];
  collect(): Iterable<{ readonly labels: Readonly<Record<L, string>>; readonly value: number }>;
}

const RECONCILE_BUCKETS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5,
  5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];
/** 10 ns, and ten times that, twelve steps: as the Go work queue has them. */
const QUEUE_BUCKETS = Array.from({ length: 12 }, (_, step) => Number(`1e${step - 8}`));

/** `process` adds what prom-client says about the process: memory, CPU, event loop, garbage collection. */
export const createMetrics = (options: { readonly process?: boolean } = {}): Metrics => {
  const registry = new Registry();
  if (options.process) collectDefaultMetrics({ register: registry });
  const controllers = createControllerMetrics(registry);
  const queues = createQueueMetrics(registry);
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    ...controllers,
    ...queues,
    gauge({ name, help, labels, collect }) {
      new Gauge({
        name,
        help,
        labelNames: labels,
        registers: [registry],
        collect() {
          this.reset();
          for (const sample of collect()) this.set(sample.labels, sample.value);
        },
      });
    },
    requests: () => createRequestMetrics(registry),
    duration(name, help, buckets) {
      const histogram = new Histogram({ name, help, buckets: [...buckets], registers: [registry] });
      return (seconds) => histogram.observe(seconds);
    },
  };
};

/** client-go's buckets. */
const REQUEST_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

const createRequestMetrics = (registry: Registry): ReturnType<Metrics['requests']> => {
  const registers = [registry];
  const help = 'Number of HTTP requests, partitioned by status code and method';
  const total = new Counter({ name: 'rest_client_requests_total', help, labelNames: ['code', 'method'], registers });
  const time = new Histogram({
    name: 'rest_client_request_duration_seconds',
    help: 'Request latency in seconds, broken down by verb',
    labelNames: ['verb'],
    buckets: REQUEST_BUCKETS,
    registers,
  });
  return (method, code, seconds) => {
    total.inc({ code, method });
    time.observe({ verb: method }, seconds);
  };
};

const createControllerMetrics = (registry: Registry): Pick<Metrics, 'controller'> => {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly (L | 'controller')[] = ['controller']) =>
    new Counter({ name: `controller_runtime_${name}`, help, labelNames, registers });
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `controller_runtime_${name}`, help, labelNames: ['controller'], registers });

  const total = counter<'result'>('reconcile_total', 'Total number of reconciliations per controller', ['controller', 'result']);
  const errors = counter('reconcile_errors_total', 'Total number of reconciliation errors per controller');
  const terminal = counter('terminal_reconcile_errors_total', 'Total number of terminal reconciliation errors per controller');
  const panics = counter('reconcile_panics_total', 'Total number of reconciliation panics per controller');
  const timeouts = counter('reconcile_timeouts_total', 'Total number of reconciliation timeouts per controller');
  const most = gauge('max_concurrent_reconciles', 'Maximum number of concurrent reconciles per controller');
  const active = gauge('active_workers', 'Number of currently used workers per controller');
  const time = new Histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'Length of time per reconciliation per controller',
    labelNames: ['controller'],
    buckets: RECONCILE_BUCKETS,
    registers,
  });

  return {
    controller(controller, workers) {
      const label = { controller };
      most.set(label, workers);
      // A series that is there from the start at 0 is what rates and alerts need.
      for (const each of [errors, terminal, panics, timeouts]) each.inc(label, 0);
      for (const result of ['success', 'error', 'requeue', 'requeue_after']) total.inc({ controller, result }, 0);
      active.set(label, 0);
      return {
        started: () => active.inc(label),
        finished(end) {
          active.dec(label);
          time.observe(label, end.seconds);
          total.inc({ controller, result: end.result });
          if (end.result === 'error') errors.inc(label);
          if (end.terminal) terminal.inc(label);
          if (end.panicked) panics.inc(label);
          if (end.timedOut) timeouts.inc(label);
        },
      };
    },
  };
};

const createQueueMetrics = (registry: Registry): Pick<Metrics, 'queue' | 'watchQueue'> => {
  const common = { labelNames: ['name', 'controller'] as const, registers: [registry] };
  const adds = new Counter({ name: 'workqueue_adds_total', help: 'Total number of adds handled by workqueue', ...common });
  const retries = new Counter({ name: 'workqueue_retries_total', help: 'Total number of retries handled by workqueue', ...common });
  const histogram = (name: string, help: string) => new Histogram({ name, help, buckets: QUEUE_BUCKETS, ...common });
  const waited = histogram('workqueue_queue_duration_seconds', 'How long in seconds an item stays in workqueue before being requested');
  const worked = histogram('workqueue_work_duration_seconds', 'How long in seconds processing an item from workqueue takes');

  const watched: Queue[] = [];
  const read = (name: string, help: string, value: (workMs: readonly number[]) => number): void => {
    new Gauge({
      name,
      help,
      ...common,
      collect() {
        for (const queue of watched) this.set(labelsOf(queue.name), value([...queue.working().values()]) / 1000);
      },
    });
  };
  read('workqueue_unfinished_work_seconds', 'How many seconds of work is in progress and not yet observed by work_duration', (work) =>
    work.reduce((sum, ms) => sum + ms, 0),
  );
  read('workqueue_longest_running_processor_seconds', 'How many seconds the longest running processor has been running', (work) =>
    Math.max(0, ...work),
  );
  new Gauge({
    name: 'workqueue_depth',
    help: 'Current depth of workqueue by workqueue and priority',
    labelNames: ['name', 'controller', 'priority'],
    registers: [registry],
    collect() {
      this.reset();
      for (const queue of watched) {
        for (const [priority, depth] of new Map([[0, 0], ...queue.depth()])) this.set({ ...labelsOf(queue.name), priority }, depth);
      }
    },
  });

  return {
    queue(name) {
      const labels = labelsOf(name);
      adds.inc(labels, 0);
      retries.inc(labels, 0);
      return {
        added: () => adds.inc(labels),
        taken: (seconds) => waited.observe(labels, seconds),
        finished: (seconds) => worked.observe(labels, seconds),
        retried: () => retries.inc(labels),
      };
    },
    watchQueue: (queue) => void watched.push(queue),
  };
};

/** A queue bears the name of its controller. */
const labelsOf = (name: string) => ({ name, controller: name });
