// The Lease object: how it is read and written. Who may take it is lease.ts's to judge.
import type { Clock } from '../../api/clock.ts';
import type { Holder } from '../client.ts';
import { microTime } from './micro-time.ts';
import { type Api, isStatus } from './request.ts';

export interface LeaseOptions {
  readonly api: Api;
  readonly clock: Clock;
  readonly identity: string;
  readonly namespace: string;
  /** What the leader tells the others of itself, by way of the lease. */
  readonly annotations?: () => Readonly<Record<string, string>>;
}

export interface Stored {
  /** Changes with every write. */
  readonly version: string;
  /** Empty when nobody holds it. */
  readonly holder: string;
  readonly leaseMs: number;
  readonly acquireTime: string;
  readonly transitions: number;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Lease {
  readonly metadata: { readonly resourceVersion: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly leaseTransitions?: number;
  };
}

/** In the namespace of the controller, unless told otherwise. */
const LEASE_NAME = 'berth-controller';
export const LEASE_NAMESPACE = 'berth-system';

export const createLeaseRecords = ({ api, clock, identity, namespace, annotations = () => ({}) }: LeaseOptions, leaseMs: number) => {
  const name = `${namespace}/${LEASE_NAME}`;
  const path = leasesPath(namespace);
  const specOf = (acquireTime: string, transitions: number) => ({
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(leaseMs / 1000),
    acquireTime,
    renewTime: microTime(clock.now()),
    leaseTransitions: transitions,
  });
  const body = (spec: object, metadata: object) => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: LEASE_NAME, namespace, ...metadata },
    spec,
  });
  const put = async (spec: object, metadata: object, signal?: AbortSignal): Promise<Stored> => {
    const request = { doing: `renew lease ${name}`, method: 'PUT' as const, path: `${path}/${LEASE_NAME}`, body: body(spec, metadata) };
    return storedOf(await api.send<Lease>({ ...request, ...(signal ? { signal } : {}) }));
  };
  return {
    name,
    read: async (signal?: AbortSignal): Promise<Stored | undefined> => {
      const request = { doing: `read lease ${name}`, path: `${path}/${LEASE_NAME}` };
      try {
        return storedOf(await api.send<Lease>({ ...request, ...(signal ? { signal } : {}) }));
      } catch (error) {
        if (isStatus(error, 404)) return undefined;
        throw error;
      }
    },
    create: async (signal: AbortSignal): Promise<Stored> => {
      const spec = specOf(microTime(clock.now()), 0);
      const request = { doing: `create lease ${name}`, method: 'POST' as const, path, body: body(spec, { annotations: annotations() }) };
      return storedOf(await api.send<Lease>({ ...request, signal }));
    },
    write: (stored: Stored, signal: AbortSignal): Promise<Stored> => {
      const isOurs = stored.holder === identity;
      const acquireTime = isOurs && stored.acquireTime ? stored.acquireTime : microTime(clock.now());
      const metadata = { resourceVersion: stored.version, annotations: annotations() };
      return put(specOf(acquireTime, isOurs ? stored.transitions : stored.transitions + 1), metadata, signal);
    },
    /** As client-go leaves it: held by nobody, for a second. */
    free: (stored: Stored): Promise<Stored> => {
      const now = microTime(clock.now());
      const spec = { holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now, leaseTransitions: stored.transitions };
      return put(spec, { resourceVersion: stored.version });
    },
  };
};

const leasesPath = (namespace: string): string => `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;

const storedOf = ({ metadata, spec = {} }: Lease): Stored => ({
  version: metadata.resourceVersion,
  holder: spec.holderIdentity ?? '',
  leaseMs: (spec.leaseDurationSeconds ?? 0) * 1000,
  acquireTime: spec.acquireTime ?? '',
  transitions: spec.leaseTransitions ?? 0,
  annotations: metadata.annotations ?? {},
});

/** What a person may know of the leader: `HOST_PID_UNIQUE`. */
export const identityOf = ({ host, pid, unique }: { readonly host: string; readonly pid: number; readonly unique: string }): string =>
  `${host}_${pid}_${unique}`;

/** Who holds the lease, as commands show it; undefined when nobody does, or when we are not allowed to know. */
export const readHolder = async (api: Api, namespace: string, now: number): Promise<Holder | undefined> => {
  try {
    const { spec } = await api.send<Lease & { readonly spec?: { readonly renewTime?: string } }>({
      doing: 'read the lease',
      path: `${leasesPath(namespace)}/${LEASE_NAME}`,
    });
    const [, host, pid] = /^(.*)_(\d+)_[^_]*$/.exec(spec?.holderIdentity ?? '') ?? [];
    const staleMs = now - Date.parse(spec?.renewTime ?? '');
    if (host === undefined || !(staleMs < LONGEST_ABSENCE_MS)) return undefined;
    return { pid: Number(pid), host, startTime: `${(spec?.acquireTime ?? '').slice(0, 19)}Z`, command: 'berth controller' };
  } catch (error) {
    if (isStatus(error, 404) || isStatus(error, 403)) return undefined;
    throw error;
  }
};

/** Generous: the clocks of people's machines and of the cluster's differ. */
const LONGEST_ABSENCE_MS = 60_000;
