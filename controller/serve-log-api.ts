// Wires the API for whole logs to the controller: its cache of sessions, its log store, and the lease, on which the leader
// tells the others where it is.
import { join } from 'node:path';
import { OperatorError } from './api/error.ts';
import type { Config } from './config.ts';
import { type RunningLogApi, startLogApi } from './log-api/log-api.ts';
import { createSessions } from './log-api/sessions.ts';
import { openLogReader } from './output/open-log-reader.ts';
import { systemClock } from './runtime/clock.ts';
import type { Informer } from './runtime/informer.ts';
import type { Logger } from './runtime/log.ts';
import type { OpenedStore } from './store/open.ts';

export interface LogServing {
  /** What the lease tells of the leader. */
  annotations(): Readonly<Record<string, string>>;
  /** Undefined when all is well, or nothing is to be served. */
  problem(): string | undefined;
  start(opened: OpenedStore, sessions: Informer<'Session'>): Promise<void>;
  close(): Promise<void>;
}

const ADDRESS = 'berth.dev/log-api-address';

export const createLogServing = ({ logApi: config }: Pick<Config, 'logApi'>, log: Logger): LogServing => {
  let running: RunningLogApi | undefined;
  return {
    annotations: () =>
      running === undefined || config?.ownHost === undefined ? {} : { [ADDRESS]: addressOf(config.ownHost, running.port) },
    problem: () => running?.problem(),
    start: async ({ api, namespace, election, store, stateFolder }, informer) => {
      if (config === undefined) return;
      if (api === undefined || namespace === undefined || election === undefined)
        throw new OperatorError('invalid', '--log-api serves the logs of a cluster, and --store names a directory');
      const root = join(stateFolder, 'logs');
      running = await startLogApi({
        ...config,
        api,
        namespace,
        clock: systemClock,
        log,
        sessions: createSessions(informer, store),
        openLog: (name) => openLogReader(root, name),
        leadership: {
          get isOurs() {
            return election.isLeader;
          },
          address: async () => (await election.leader())?.[ADDRESS],
        },
      });
      log.info({ port: running.port, address: config.ownHost }, 'Serving whole logs');
      if (config.ownHost === undefined) log.warn({}, 'Standbys cannot forward to this controller: BERTH_POD_IP does not say where it is');
    },
    close: async () => running?.close(),
  };
};

const addressOf = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;
