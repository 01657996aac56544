// The only wiring: makes the real parts from the configuration and puts the operator together.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { keyString } from './api/object.ts';
import type { Config } from './config.ts';
import { createFence } from './fence.ts';
import { firstLook } from './first-look.ts';
import { registerGauges } from './gauges.ts';
import { keepInFolder } from './keep-in-folder.ts';
import { createOperator, type Operator } from './operator.ts';
import type { LogStore } from './output/log-store.ts';
import { openLogStore } from './output/open-log-store.ts';
import { sweepLogs } from './output/sweep-logs.ts';
import type { Keep } from './provider/azure/installation.ts';
import { providerModules } from './provider/index.ts';
import { createProviders, type ProviderModules } from './provider/providers.ts';
import { systemClock } from './runtime/clock.ts';
import { createHealth, type Health } from './runtime/health.ts';
import type { Logger } from './runtime/log.ts';
import { createMetrics, type Metrics } from './runtime/metrics.ts';
import { createLogServing, type LogServing } from './serve-log-api.ts';
import { healthRoutes, metricsRoutes, startServer } from './server/server.ts';
import { createHosts } from './session/create-hosts.ts';
import type { Hosts } from './session/host.ts';
import { stopAllRuns } from './session/stop-all-runs.ts';
import { localShell } from './shell/local.ts';
import { type Election, openStore, parseTarget } from './store/open.ts';
import type { Store } from './store/store.ts';
import { sweepMachines } from './sweep-machines.ts';

export interface Composed {
  run(signal: AbortSignal): Promise<void>;
}

/** Parts in place of the real ones, behind the same fence: for tests that count what is done to machines. */
export interface Replaced {
  readonly providers?: ProviderModules;
  readonly hosts?: (logs: LogStore) => Hosts;
}

const SWEEP_MS = 3600_000;
/** SPEC 4: every write of a session goes to all that watch it. */
const CLUSTER_OUTPUT_MS = 60_000;

export const compose = async (config: Config, log: Logger, replaced: Replaced = {}): Promise<Composed> => {
  const clock = systemClock;
  const target = parseTarget(config.store, config.directory);
  const metrics = config.http ? createMetrics({ process: true }) : undefined;
  const logServing = createLogServing(config, log);
  const opened = await openStore(target, {
    clock,
    random: Math.random,
    newUID: randomUUID,
    holder: config.holder,
    environment: config.environment,
    stateHome: config.stateHome,
    state: config.state,
    kubeconfig: config.kubeconfig,
    writeStatus: config.writeStatus,
    retentionMs: config.retentionMs,
    leaseAnnotations: logServing.annotations,
    ...(metrics && target.type === 'cluster' ? { onAnswer: metrics.requests() } : {}),
    onProblem: (problem) => log.warn({ problem }, target.type === 'dir' ? 'Could not take user input' : 'Had trouble with the API server'),
  });
  const { stateFolder, election, close } = opened;
  const mayAct = election ? election.mayAct : () => true;
  const fence = createFence(mayAct);
  const logRoot = join(stateFolder, 'logs');
  const logs = fence.logs(openLogStore({ root: logRoot }));
  const hosts = replaced.hosts?.(logs) ?? realHosts(logs, log);
  const providers = fence.providers(replaced.providers ?? modules(config, stateFolder, opened.store.secret, opened.keep, log));
  const operator = createOperator({
    store: fence.store(opened.store),
    providers,
    hosts: fence.hosts(hosts),
    logs,
    clock,
    log,
    random: Math.random,
    ...(metrics ? { metrics } : {}),
    ...(election ? leading(election, log) : {}),
  });
  if (election) metrics?.gauge(leadershipGauge(election));
  return {
    run: async (signal) => {
      const stopSweeping = sweepRegularly(opened.store, logs, logRoot, config, log);
      const server = await serve(config, operator, logServing, metrics, log, signal);
      sweepMachines(
        {
          clock,
          random: Math.random,
          informers: operator.informers,
          store: opened.store,
          providers: createProviders(providers),
          everyMs: config.sweepMs,
          mayAct,
          onError: (pool, problem) =>
            log.warn({ VMPool: { namespace: pool.namespace, name: pool.name }, problem }, 'Could not sweep machines'),
        },
        signal,
      );
      firstLook(operator.informers, hosts, signal)
        .then(() => opened.tellLooked?.())
        .catch((error: unknown) => log.warn({ error }, 'Could not tell commands that all VMs were looked at'));
      try {
        await logServing.start(opened, operator.informers.Session);
        await Promise.race([operator.run(signal), ...(election ? [election.lost] : [])]);
      } finally {
        stopSweeping();
        await logServing.close();
        await server?.close();
        for (const vm of operator.informers.VM.list()) hosts.close(vm.metadata.uid);
        await close();
      }
    },
  };
};

const realHosts = (logs: LogStore, log: Logger): Hosts =>
  createHosts({
    logs,
    clock: systemClock,
    random: Math.random,
    onError: (session, error) =>
      log.warn({ Session: { namespace: session.namespace, name: session.name }, error }, 'Could not store output'),
  });

/** Without `secret` only to look: nothing is begun. */
export const modules = (
  config: Config,
  stateFolder: string,
  secret?: Store['secret'],
  keep: Keep = keepInFolder(stateFolder),
  log?: Logger,
): ProviderModules => {
  const { environment, holder } = config;
  const read = secret ?? (async () => undefined);
  const all = providerModules({
    clock: systemClock,
    local: { root: join(stateFolder, 'local'), shell: (home) => localShell({ BERTH_HOME: home }, environment), stopAll: stopAllRuns },
    ssh: {
      root: join(stateFolder, 'ssh'),
      controller: holder.host,
      secret: read,
      releases: secret !== undefined,
      stopAll: stopAllRuns,
    },
    azure: {
      ...config.azure,
      keep: secret && keep,
      secret: read,
      onPriceProblem: (problem) => log?.info({ problem }, 'Could not read prices'),
    },
  });
  // In a cluster the controller's own machine is the pod: nobody gets to run there by writing a pool.
  const isOpen = config.allowLocal || parseTarget(config.store, config.directory).type === 'dir';
  return isOpen ? all : new Map([...all].filter(([type]) => type !== 'Local'));
};

/** The caches are warm and every machine can be judged by then: a standby takes over within a pass. */
const leading = (election: Election, log: Logger) => ({
  outputIntervalMs: CLUSTER_OUTPUT_MS,
  lead: async (signal: AbortSignal) => {
    log.info({ identity: election.identity }, 'Waiting for the lease');
    if (await election.lead(signal)) log.info({ identity: election.identity }, 'Leading');
  },
});

/** controller-runtime's name. */
const leadershipGauge = (election: Election) => ({
  name: 'leader_election_master_status',
  help: 'Whether this process holds the lease: 1 is leader, 0 is standby',
  labels: ['name'] as const,
  collect: () => [{ labels: { name: 'berth-controller' }, value: election.isLeader ? 1 : 0 }],
});

const serve = async (
  config: Config,
  operator: Operator,
  logServing: LogServing,
  metrics: Metrics | undefined,
  log: Logger,
  signal: AbortSignal,
) => {
  const health = watchHealth(operator, logServing, log);
  health.run(signal);
  if (!config.http || !metrics) return undefined;
  registerGauges(metrics, operator.informers);
  const server = await startServer({
    ...config.http,
    clock: systemClock,
    log,
    routes: { ...healthRoutes(health), ...metricsRoutes(metrics) },
  });
  log.info({ url: server.url }, 'Serving health and metrics');
  return server;
};

const watchHealth = (operator: Operator, logServing: LogServing, log: Logger): Health => {
  const informers = Object.values(operator.informers);
  return createHealth({
    clock: systemClock,
    log,
    live: { watches: () => (informers.some(({ dead }) => dead) ? 'a watch has ended' : undefined) },
    ready: {
      synced: () => (informers.every(({ synced }) => synced) ? undefined : 'not all that exists is known yet'),
      logs: logServing.problem,
    },
    onClockJump: operator.wakeAll,
  });
};

/** Tombstones have the same retention, so that a log outlives every name that could still lead to it. */
const sweepRegularly = (store: Store, logs: LogStore, root: string, { retentionMs }: Config, log: Logger): (() => void) => {
  const sweep = async (): Promise<void> => {
    // Uncached: where the store cannot tell of all sessions, no log is nobody's.
    const known = new Set((await store.list('Session')).map(({ metadata }) => `${keyString(metadata)} ${metadata.uid}`));
    const isKnown = (name: { namespace: string; name: string; uid: string }): boolean => known.has(`${keyString(name)} ${name.uid}`);
    const removed = await sweepLogs({ root, logs, isKnown, before: systemClock.now() - retentionMs });
    if (removed > 0) log.info({ removed }, 'Removed logs of sessions that are long gone');
  };
  let cancel: () => void = () => undefined;
  const arm = (): void => {
    cancel = systemClock.after(SWEEP_MS, () => {
      sweep().catch((error: unknown) => log.warn({ error }, 'Could not sweep logs'));
      arm();
    });
  };
  arm();
  return () => cancel();
};
