// Puts a cluster store together, for the controller and for commands: one connection each.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Clock } from '../../api/clock.ts';
import type { Client } from '../client.ts';
import type { Store } from '../store.ts';
import { createClusterClient } from './client.ts';
import { connect } from './connect.ts';
import { createEventRecorder } from './events.ts';
import { keepInSecret } from './keep.ts';
import { createElection, type Election } from './lease.ts';
import { identityOf, LEASE_NAMESPACE } from './lease-record.ts';
import { readSecret } from './read.ts';
import { type Api, type ApiOptions, createApi } from './request.ts';
import { createClusterStore } from './store.ts';

export interface ClusterTarget {
  /** Of the kubeconfig; its current one unless set. */
  readonly context?: string | undefined;
}

export interface ClusterStoreOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly newUID: () => string;
  readonly holder: { readonly pid: number; readonly host: string };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly kubeconfig?: string | undefined;
  readonly state?: string | undefined;
  readonly stateHome: string;
  readonly onProblem?: (text: string) => void;
  readonly onAnswer?: ApiOptions['onAnswer'];
  /** Put on the lease while we lead. */
  readonly leaseAnnotations?: () => Readonly<Record<string, string>>;
}

export interface OpenedClusterStore {
  readonly store: Store;
  /** For what is no resource of ours. */
  readonly api: Api;
  /** Of the controller itself. */
  readonly namespace: string;
  /** Where logs and what providers keep belong: nothing of the resources lies there. */
  readonly stateFolder: string;
  readonly election: Election;
  /** A text of the installation's own, made once. */
  keep(make: () => string): Promise<string>;
  /** Releases the lease, last of all. */
  close(): Promise<void>;
}

export const openClusterStore = async ({ context }: ClusterTarget, options: ClusterStoreOptions): Promise<OpenedClusterStore> => {
  const { clock, random, environment, holder, newUID, onProblem, onAnswer, leaseAnnotations: annotations } = options;
  const connection = await connect({ context, kubeconfig: options.kubeconfig, monotonic: clock.monotonic });
  const api = createApi(connection, { clock, random, ...(onAnswer ? { onAnswer } : {}) });
  const identity = identityOf({ ...holder, unique: newUID() });
  const events = createEventRecorder({ api, clock, identity, newSuffix: () => newUID().slice(0, 13) });
  const problems = onProblem ? { onProblem } : {};
  const namespace = leaseNamespace(environment);
  const election = createElection({ api, clock, random, identity, namespace, ...(annotations ? { annotations } : {}), ...problems });
  return {
    api,
    namespace,
    store: createClusterStore({ api, clock, random, record: events.record, ...problems }),
    stateFolder: stateFolderOf(connection.server, options),
    election,
    keep: keepInSecret(api, leaseNamespace(environment)),
    close: async () => {
      await events.close();
      await election.release();
      await api.close();
    },
  };
};

export interface ClusterClientOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly kubeconfig?: string | undefined;
  readonly state?: string | undefined;
  readonly stateHome: string;
  readonly namespace?: string | undefined;
  readonly allNamespaces?: boolean | undefined;
}

export interface OpenedClusterClient {
  readonly client: Client;
  /** For what commands need themselves, as the store reads it. */
  readonly secret: Store['secret'];
  keep(make: () => string): Promise<string>;
  readonly stateFolder: string;
}

export const openClusterClient = async ({ context }: ClusterTarget, options: ClusterClientOptions): Promise<OpenedClusterClient> => {
  const { clock, random, environment, allNamespaces = false } = options;
  const connection = await connect({ context, kubeconfig: options.kubeconfig, monotonic: clock.monotonic });
  const api = createApi(connection, { clock, random });
  const namespace = options.namespace ?? connection.namespace ?? 'default';
  const client = createClusterClient({
    api,
    clock,
    random,
    namespace,
    scope: allNamespaces ? undefined : namespace,
    leaseNamespace: environment.BERTH_LEASE_NAMESPACE || LEASE_NAMESPACE,
  });
  const keep = keepInSecret(api, environment.BERTH_LEASE_NAMESPACE || LEASE_NAMESPACE);
  return { client, secret: (key) => readSecret(api, key), keep, stateFolder: stateFolderOf(connection.server, options) };
};

const POD_NAMESPACE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

/** Where the controller runs, so that its rights on Leases end with its own namespace. */
const leaseNamespace = (environment: Readonly<Record<string, string | undefined>>): string => {
  if (environment.BERTH_LEASE_NAMESPACE) return environment.BERTH_LEASE_NAMESPACE;
  return existsSync(POD_NAMESPACE) ? readFileSync(POD_NAMESPACE, 'utf8').trim() : LEASE_NAMESPACE;
};

const stateFolderOf = (
  server: string,
  { state, stateHome }: { readonly state?: string | undefined; readonly stateHome: string },
): string =>
  state === undefined ? join(stateHome, `cluster-${createHash('sha256').update(server).digest('hex').slice(0, 16)}`) : resolve(state);
