// All that a controller can be told, from its options and its environment: the only reader of process.env.
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { OperatorError } from './api/error.ts';
import type { LogLevel } from './runtime/log.ts';

/** As given on the command line; what is absent comes from the environment. */
export interface ControllerOptions {
  /** `dir:PATH` or `cluster[:CONTEXT]`; BERTH_STORE; default: a directory of its own in $XDG_DATA_HOME. */
  readonly store?: string;
  /** The state folder, wherever the manifests are. */
  readonly state?: string;
  /** Of a cluster: a file, instead of where kubectl looks for one. */
  readonly kubeconfig?: string;
  /** Whether status is written into users' files as well. */
  readonly writeStatus?: string;
  /** How long logs and names of removed sessions are kept; 7 days unless set. */
  readonly retentionMs?: number;
  /** `[HOST:]PORT` for /healthz, /readyz and /metrics; BERTH_HTTP_ADDRESS; default: none. */
  readonly httpAddress?: string;
  /** In a cluster, `[HOST:]PORT` for whole logs (SPEC 4), on all addresses unless told; BERTH_LOG_API; default: not served. */
  readonly logApi?: string;
  /** In a cluster: let pools use the controller's own machine. */
  readonly allowLocal?: boolean;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Config {
  readonly store: string;
  /** What relative paths start from. */
  readonly directory: string;
  readonly state: string | undefined;
  readonly kubeconfig: string | undefined;
  readonly stateHome: string;
  readonly writeStatus: 'inline' | 'never' | undefined;
  readonly retentionMs: number;
  readonly allowLocal: boolean;
  readonly http: { readonly host: string; readonly port: number } | undefined;
  readonly logApi:
    | {
        readonly host: string | undefined;
        readonly port: number;
        /** Where other replicas reach this one; where it listens unless the environment tells. */
        readonly ownHost: string | undefined;
        /** Of ca.crt, tls.crt and tls.key that somebody else keeps. */
        readonly certificates: string | undefined;
      }
    | undefined;
  readonly logLevel: LogLevel;
  readonly environment: Environment;
  readonly azure: AzureConfig;
  /** BERTH_SWEEP_SECONDS: how often machines that belong to nobody are looked for. */
  readonly sweepMs: number;
  readonly holder: { readonly pid: number; readonly host: string; readonly command: string };
}

/** Where Azure is, and how its machines are reached: all unset but where something stands in for it. */
export interface AzureConfig {
  readonly place: {
    /** BERTH_AZURE_ENDPOINT: of Azure Resource Manager and the Retail Prices API. */
    readonly endpoint: string | undefined;
    /** BERTH_AZURE_AUTHORITY: the host that gives tokens. */
    readonly authority: string | undefined;
    /** BERTH_AZURE_CA_FILE: certificates (PEM) that both are trusted by. */
    readonly caFile: string | undefined;
    readonly environment: Environment;
  };
  /** BERTH_AZURE_SSH_USER, BERTH_AZURE_SSH_PORT. */
  readonly ssh: { readonly user: string | undefined; readonly port: number | undefined };
  /** BERTH_AZURE_GRACE_SECONDS: how old something has to be before it counts as left behind. */
  readonly graceMs: number | undefined;
}

const MACHINE_SWEEP_MS = 180_000;

const RETENTION_MS = 7 * 24 * 3600_000;

/** Throws `invalid` naming the option or variable, its value, and what it may be. */
export const readConfig = (options: ControllerOptions = {}, environment: Environment = process.env): Config => ({
  store: options.store ?? environment.BERTH_STORE ?? `dir:${defaultDirectory(environment)}`,
  directory: process.cwd(),
  state: options.state,
  kubeconfig: options.kubeconfig,
  stateHome: join(environment.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'berth'),
  writeStatus: oneOf('--write-status', options.writeStatus, ['inline', 'never'] as const),
  retentionMs: options.retentionMs ?? RETENTION_MS,
  allowLocal: options.allowLocal ?? false,
  http: httpAddress(options.httpAddress ?? environment.BERTH_HTTP_ADDRESS),
  logApi: logApi(options.logApi ?? environment.BERTH_LOG_API, environment),
  logLevel: oneOf('BERTH_LOG_LEVEL', environment.BERTH_LOG_LEVEL, ['debug', 'info', 'warn', 'error'] as const) ?? 'info',
  environment,
  azure: azureConfig(environment),
  sweepMs: environment.BERTH_SWEEP_SECONDS ? Number(environment.BERTH_SWEEP_SECONDS) * 1000 : MACHINE_SWEEP_MS,
  holder: { pid: process.pid, host: hostname(), command: process.argv.slice(1).join(' ') },
});

const azureConfig = (environment: Environment): AzureConfig => {
  const { BERTH_AZURE_SSH_PORT: port, BERTH_AZURE_GRACE_SECONDS: grace } = environment;
  return {
    place: {
      endpoint: environment.BERTH_AZURE_ENDPOINT || undefined,
      authority: environment.BERTH_AZURE_AUTHORITY || undefined,
      caFile: environment.BERTH_AZURE_CA_FILE || undefined,
      environment,
    },
    ssh: { user: environment.BERTH_AZURE_SSH_USER || undefined, port: port ? Number(port) : undefined },
    graceMs: grace ? Number(grace) * 1000 : undefined,
  };
};

/** Where Berth keeps its manifests when it is told nothing (SPEC 4). */
const defaultDirectory = (environment: Environment): string =>
  join(environment.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'berth');

const oneOf = <T extends string>(name: string, value: string | undefined, allowed: readonly T[]): T | undefined => {
  if (value === undefined || value === '') return undefined;
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new OperatorError('invalid', `${name} is ${JSON.stringify(value)}; it may be ${allowed.join(' or ')}`);
  return found;
};

const httpAddress = (text: string | undefined): Config['http'] => {
  const address = parseAddress('the HTTP address', text, '127.0.0.1:8080');
  return address && { ...address, host: address.host ?? '127.0.0.1' };
};

const logApi = (text: string | undefined, environment: Environment): Config['logApi'] => {
  const address = parseAddress('the address of the log API', text, '8443');
  if (address === undefined) return undefined;
  const isAny = address.host === '0.0.0.0' || address.host === '::';
  const ownHost = environment.BERTH_POD_IP || (isAny ? undefined : address.host);
  return { ...address, ownHost, certificates: environment.BERTH_LOG_API_CERTIFICATES || undefined };
};

const parseAddress = (
  what: string,
  text: string | undefined,
  example: string,
): { readonly host: string | undefined; readonly port: number } | undefined => {
  if (text === undefined || text === '') return undefined;
  const [, host, port] = /^(?:(.*):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    throw new OperatorError('invalid', `${what} ${JSON.stringify(text)} is not [HOST:]PORT, for example ${example}`);
  }
  return { host: host?.replace(/^\[(.*)\]$/, '$1') || undefined, port: Number(port) };
};
