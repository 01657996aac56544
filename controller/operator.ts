// The operator as a whole: informers, queues, controllers and what wakes them, over parts that are passed in. The real
// controller and the simulation run this very thing.
import type { Clock } from './api/clock.ts';
import { type Kind, keyOf, keyString } from './api/object.ts';
import type { Action, Outcome, Reconciler } from './api/reconciler.ts';
import type { LogStore } from './output/log-store.ts';
import { createProviders, type ProviderModules } from './provider/providers.ts';
import { eventOf } from './reconcilers/events.ts';
import { createReconcilers } from './reconcilers/index.ts';
import { SESSION_INDEXES, VM_INDEXES } from './reconcilers/indexes.ts';
import { createLearningStore } from './reconcilers/learning-store.ts';
import { createTriggers } from './reconcilers/triggers.ts';
import { createController } from './runtime/controller.ts';
import { createInformer, type Informer } from './runtime/informer.ts';
import { createLimiter } from './runtime/limiter.ts';
import type { Logger } from './runtime/log.ts';
import type { Metrics } from './runtime/metrics.ts';
import { createQueue, type Queue, START_UP_PRIORITY } from './runtime/queue.ts';
import type { Hosts } from './session/host.ts';
import type { Store } from './store/store.ts';

export interface OperatorParts {
  readonly store: Store;
  readonly providers: ProviderModules;
  readonly hosts: Hosts;
  readonly logs: LogStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1): spreads retries. */
  readonly random: () => number;
  readonly metrics?: Metrics;
  /** How far the output shown in the status of a running session may be behind: 10 s in a directory, 60 s in a cluster. */
  readonly outputIntervalMs?: number;
  /** Deep-freeze what reconcilers observe, so that whoever changes it throws. */
  readonly freeze?: boolean;
  /** Resolves when this operator is the one to act; until then its caches are kept warm. At once unless set. */
  readonly lead?: (signal: AbortSignal) => Promise<unknown>;
}

export interface Operator {
  /** Works until the signal, then stops taking work and lets what runs come to its end. */
  run(signal: AbortSignal): Promise<void>;
  /** Looks at everything anew: for when the clock has jumped, or the machine has slept, and timers with it. */
  wakeAll(): void;
  readonly informers: Informers;
}

export type Informers = { readonly [K in Kind]: Informer<K> };

const OUTPUT_INTERVAL_MS = 10_000;
/** SPEC 4: status writes for mere output of running sessions, in all. */
const OUTPUT_WRITES_PER_SECOND = 5;
const WORKERS = { session: 16, vm: 8, pool: 2 } as const;

export const createOperator = (parts: OperatorParts): Operator => {
  const { clock, hosts } = parts;
  const informers = createInformers(parts);
  const store = createLearningStore(parts.store, {
    Session: informers.Session.learn,
    VM: informers.VM.learn,
    VMPool: informers.VMPool.learn,
  });
  const limiter = createLimiter({ clock, perSecond: OUTPUT_WRITES_PER_SECOND });
  const reconcilers = createReconcilers({
    sessions: informers.Session,
    vms: informers.VM,
    pools: informers.VMPool,
    store,
    providers: createProviders(parts.providers),
    hosts,
    logs: parts.logs,
    clock,
    outputIntervalMs: parts.outputIntervalMs ?? OUTPUT_INTERVAL_MS,
    takeOutputTurn: () => limiter.take() === 0,
  });
  const session = runner(parts, store, informers.Session, 'session', reconcilers.session);
  const vm = runner(parts, store, informers.VM, 'vm', reconcilers.vm);
  const pool = runner(parts, store, informers.VMPool, 'vmpool', reconcilers.pool);
  connect(parts, informers, { session: session.queue, vm: vm.queue, pool: pool.queue });
  return {
    informers,
    wakeAll: () => {
      for (const object of informers.Session.list()) session.queue.add(keyString(keyOf(object)), { priority: START_UP_PRIORITY });
      for (const object of informers.VM.list()) vm.queue.add(keyString(keyOf(object)), { priority: START_UP_PRIORITY });
      for (const object of informers.VMPool.list()) pool.queue.add(keyString(keyOf(object)), { priority: START_UP_PRIORITY });
    },
    run: async (signal) => {
      const watches = Object.values(informers).map((informer) => informer.run(signal));
      // Absence means nothing until all that exists is known: no worker starts before (CONVENTIONS D8).
      const synced = Promise.all(Object.values(informers).map((informer) => informer.whenSynced));
      await Promise.race([Promise.all([synced, parts.lead?.(signal)]), ...watches]);
      await Promise.all([...watches, session.run(signal), vm.run(signal), pool.run(signal)]);
    },
  };
};

const createInformers = ({ store }: OperatorParts): Informers => ({
  Session: createInformer({ kind: 'Session', store, indexes: SESSION_INDEXES }),
  VM: createInformer({ kind: 'VM', store, indexes: VM_INDEXES }),
  VMPool: createInformer({ kind: 'VMPool', store }),
});

interface Runner {
  readonly queue: Queue;
  run(signal: AbortSignal): Promise<void>;
}

const runner = <K extends Kind, O, A extends Action>(
  parts: OperatorParts,
  store: Store,
  informer: Informer<K>,
  name: 'session' | 'vm' | 'vmpool',
  reconciler: Reconciler<K, O, A>,
): Runner => {
  const { clock, log, random, metrics } = parts;
  const workers = WORKERS[name === 'vmpool' ? 'pool' : name];
  const queue = createQueue({ name, clock, ...(metrics ? { observer: metrics.queue(name) } : {}) });
  metrics?.watchQueue(queue);
  const controller = createController({
    name,
    reconciler,
    queue,
    workers,
    clock,
    log,
    random,
    patchStatus: (at, status) => store.patchStatus(reconciler.kind, at, status),
    learn: informer.learn,
    onOutcome: (outcome: Outcome<A>, observed: O) => {
      const event = eventOf(reconciler.kind, outcome, observed);
      if (event) store.record(event);
    },
    ...(metrics ? { observer: metrics.controller(name, workers) } : {}),
    ...(parts.freeze ? { freeze: true } : {}),
  });
  return { queue, run: controller.run };
};

/** From changes to keys. */
const connect = (
  { hosts }: OperatorParts,
  informers: Informers,
  queues: { readonly session: Queue; readonly vm: Queue; readonly pool: Queue },
): void => {
  const triggersAt = (priority: number) => {
    const waking =
      (queue: Queue) =>
      (key: string, after = 0) =>
        queue.add(key, { priority, ...(after > 0 ? { after } : {}) });
    const wake = { session: waking(queues.session), vm: waking(queues.vm), pool: waking(queues.pool) };
    return createTriggers(wake, { sessions: informers.Session, vms: informers.VM });
  };
  const triggers = triggersAt(0);
  // What existed at the start is not urgent: a user's change is not to wait behind ten thousand of those.
  const atStart = triggersAt(START_UP_PRIORITY);
  informers.Session.onChange(({ before, after, initial }) => (initial ? atStart : triggers).session(before, after));
  informers.VM.onChange(({ before, after, initial }) => (initial ? atStart : triggers).vm(before, after));
  informers.VMPool.onChange(({ before, after, initial }) => (initial ? atStart : triggers).pool(before, after));
  hosts.onChange((vmUID, log) => triggers.host(vmUID, log && { namespace: log.namespace, name: log.name }));
};
