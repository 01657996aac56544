// What the server shows of itself and whom it believes, kept fresh: both change while it runs, and neither takes a restart.
import { X509Certificate } from 'node:crypto';
import type { Clock } from '../api/clock.ts';
import { errorMessage } from '../api/error.ts';
import type { Logger } from '../runtime/log.ts';
import type { Api } from '../store/cluster/request.ts';
import { readApiService, tellAuthorities } from './api-service.ts';
import { fingerprintOf } from './certificate.ts';
import { readMountedCertificate, type Serving } from './mounted-certificate.ts';
import { keepServingSecret } from './serving-secret.ts';
import { readTrust, type Trust } from './trust.ts';

export interface Credentials {
  readonly trust: Trust;
  readonly serving: Serving;
  /** A name in the serving certificate: what a replica that forwards has to see there. */
  readonly serverName: string;
  /** Fingerprints by which replicas know each other: of what is served, and of what was before. */
  readonly own: ReadonlySet<string>;
}

export interface CredentialsOptions {
  readonly api: Api;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of the controller: where the Secret lies. */
  readonly namespace: string;
  /** A folder with ca.crt, tls.crt and tls.key that somebody else keeps; made by ourselves when unset. */
  readonly certificates: string | undefined;
}

const REFRESH_MS = 60_000;
const RETRY_MS = 5_000;
/** An API server that got a new certificate is believed within that time; one who has none cannot make us ask more often. */
const HURRY_MS = 10_000;
const SERVICE = 'berth-log-api';

export const keepCredentials = (options: CredentialsOptions, onChange: (credentials: Credentials) => void) => {
  const { clock, log } = options;
  let current: Credentials | undefined;
  let problem = 'not known yet';
  let readAt = clock.monotonic();
  let reading: Promise<void> | undefined;
  let cancel = (): void => undefined;
  let isStopped = false;
  const read = async (): Promise<void> => {
    readAt = clock.monotonic();
    try {
      const next = await readCredentials(options, current);
      const isNew = JSON.stringify([next.trust, next.serving]) !== JSON.stringify([current?.trust, current?.serving]);
      current = next;
      problem = '';
      if (isNew && !isStopped) onChange(next);
    } catch (error) {
      // What is known is gone on with: it is right until it runs out.
      if (errorMessage(error) !== problem) log.warn({ error }, 'Could not refresh the credentials of the log API');
      problem = errorMessage(error);
    }
  };
  const refresh = (): Promise<void> => {
    cancel();
    reading ??= read().finally(() => {
      reading = undefined;
      if (!isStopped) cancel = clock.after(problem === '' ? REFRESH_MS : RETRY_MS, () => void refresh());
    });
    return reading;
  };
  return {
    get current() {
      return current;
    },
    /** Why nothing can be served; undefined when it can. */
    problem: (): string | undefined => (current === undefined ? problem : undefined),
    refresh,
    hurry: (): void => {
      if (clock.monotonic() - readAt > HURRY_MS) void refresh();
    },
    stop: async (): Promise<void> => {
      isStopped = true;
      cancel();
      await reading;
    },
  };
};

const readCredentials = async (options: CredentialsOptions, before: Credentials | undefined): Promise<Credentials> => {
  const trust = await readTrust(options.api);
  const serving = options.certificates === undefined ? await readOwn(options) : await readMountedCertificate(options.certificates);
  const fingerprint = fingerprintOf(serving.certificate);
  const previous = before === undefined ? undefined : fingerprintOf(before.serving.certificate);
  const own = previous === undefined || previous === fingerprint ? (before?.own ?? [fingerprint]) : [fingerprint, previous];
  return { trust, serving, serverName: serverNameOf(serving.certificate), own: new Set(own) };
};

const readOwn = async ({ api, clock, namespace }: CredentialsOptions): Promise<Serving> => {
  const apiService = await readApiService(api);
  const service = apiService?.service ?? { namespace, name: SERVICE };
  const name = `${service.name}.${service.namespace}`;
  const names = [`${name}.svc`, `${name}.svc.cluster.local`];
  const { authorities, certificate, key } = await keepServingSecret({ api, namespace, names, now: clock.now() });
  const serving = { authorities: authorities.join(''), certificate, key };
  if (apiService !== undefined) await tellAuthorities(api, apiService, serving.authorities);
  return serving;
};

const serverNameOf = (certificate: string): string =>
  /DNS:([^,\s]+)/.exec(new X509Certificate(certificate).subjectAltName ?? '')?.[1] ?? SERVICE;
