// Where the API server is and how one gets in: kubeconfig and credentials are the Kubernetes client's business, the
// connections are ours, one pool of them for as long as the TLS material stays the same.
import type { RequestOptions } from 'node:https';
import type { Cluster, KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { errorMessage, OperatorError } from '../../api/error.ts';

export interface Connection {
  /** `https://10.0.0.1:6443`, without a slash at the end. */
  readonly server: string;
  /** Of the context, or of the pod we run in; undefined where neither names one. */
  readonly namespace: string | undefined;
  /** `fresh` asks anew (token rotated, 401); otherwise credentials are asked for at most once a minute. */
  credentials(fresh?: boolean): Promise<Credentials>;
  close(): Promise<void>;
}

export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
}

export interface ConnectOptions {
  /** Of the kubeconfig; its current one unless set. */
  readonly context?: string | undefined;
  /** A kubeconfig file, instead of KUBECONFIG, ~/.kube/config, or the pod's service account. */
  readonly kubeconfig?: string | undefined;
  /** Monotonic, milliseconds. */
  readonly monotonic: () => number;
}

const CREDENTIALS_MS = 60_000;
const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;
/** Above what workers and watches can use at once. */
const MOST_CONNECTIONS = 128;

/** Throws `invalid` for a kubeconfig that cannot be used, saying what to do. */
export const connect = async (options: ConnectOptions): Promise<Connection> => {
  const { KubeConfig: Loader } = await import('./kubeconfig.ts');
  const config = load(new Loader(), options);
  const cluster = config.getCurrentCluster();
  const context = config.getContextObject(config.getCurrentContext());
  if (!cluster || !context)
    throw new OperatorError('invalid', `the kubeconfig has no context ${JSON.stringify(config.getCurrentContext())}`);
  const agents = createAgents(cluster);
  let known: { readonly credentials: Promise<Credentials>; readonly at: number } | undefined;
  return {
    server: cluster.server.replace(/\/+$/, ''),
    namespace: context.namespace || undefined,
    credentials: (fresh = false) => {
      const now = options.monotonic();
      if (known === undefined || fresh || now - known.at > CREDENTIALS_MS) {
        const credentials = ask(config, agents.of);
        credentials.catch(() => {
          known = undefined;
        });
        known = { credentials, at: now };
      }
      return known.credentials;
    },
    close: agents.close,
  };
};

const load = (config: KubeConfig, { context, kubeconfig }: ConnectOptions): KubeConfig => {
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    throw new OperatorError('invalid', `cannot read the kubeconfig${kubeconfig ? ` ${kubeconfig}` : ''}: ${errorMessage(error)}`, {
      cause: error,
    });
  }
  // What the client falls back to where there is no kubeconfig at all.
  if (config.getCurrentContext() === 'loaded-context') {
    throw new OperatorError('invalid', 'no cluster is known: set KUBECONFIG, or make ~/.kube/config (`kubectl config view` shows it)');
  }
  if (context === undefined) return config;
  if (!config.getContextObject(context)) {
    const names = config.getContexts().map(({ name }) => name);
    throw new OperatorError('invalid', `the kubeconfig has no context ${JSON.stringify(context)}: it has ${names.join(', ') || 'none'}`);
  }
  config.setCurrentContext(context);
  return config;
};

const ask = async (config: KubeConfig, dispatcherOf: (tls: TLS) => Dispatcher): Promise<Credentials> => {
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    // An exec plugin that fails, a token file that is gone: it may well work a minute later.
    throw new OperatorError('unavailable', `cannot get credentials for the cluster: ${errorMessage(error)}`, { cause: error });
  }
  const headers = Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  const basic = options.auth ? [['authorization', `Basic ${Buffer.from(options.auth).toString('base64')}`] as const] : [];
  const { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized } = options;
  const tls = { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized };
  const given = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
  return { headers: { ...Object.fromEntries([...headers, ...basic]), 'user-agent': 'berth' }, dispatcher: dispatcherOf(given) };
};

type TLS = Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'servername' | 'rejectUnauthorized'>;

/** A client certificate that was renewed means new connections; requests on the old ones come to their end. */
const createAgents = ({ proxyUrl }: Cluster) => {
  let current: { readonly material: string; readonly agent: Agent | ProxyAgent } | undefined;
  return {
    of: (tls: TLS): Dispatcher => {
      const material = JSON.stringify(tls);
      if (current?.material === material) return current.agent;
      current?.agent.close().catch(() => undefined);
      current = { material, agent: createAgent(tls, proxyUrl) };
      return current.agent;
    },
    close: async () => {
      await current?.agent.destroy();
      current = undefined;
    },
  };
};

const createAgent = (tls: TLS, proxy: string | undefined): Agent | ProxyAgent => {
  const limits = { keepAliveTimeout: KEEP_ALIVE_MS, allowH2: false, connections: MOST_CONNECTIONS };
  // TCP keep-alive finds the half-open connection that a watch would wait on for ever.
  const connection = { ...tls, timeout: CONNECT_TIMEOUT_MS, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
  if (!proxy) return new Agent({ ...limits, connect: connection as never });
  if (!/^https?:/.test(proxy))
    throw new OperatorError('invalid', `the kubeconfig's proxy-url ${proxy} is not http or https: Berth knows no other`);
  return new ProxyAgent({ ...limits, uri: proxy, requestTls: connection as never });
};
