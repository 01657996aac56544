// A log API as it stands behind an API server: the server's side of it (whom it believes, who may read, the APIService), one
// or more replicas over the same logs, and requests as the API server would send them.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request as send } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Clock } from '../../controller/api/clock.ts';
import type { Session } from '../../controller/api/types.generated.ts';
import { type RunningLogApi, startLogApi } from '../../controller/log-api/log-api.ts';
import { createSessions } from '../../controller/log-api/sessions.ts';
import { signAuthority, signServing } from '../../controller/log-api/sign.ts';
import { openLogReader } from '../../controller/output/open-log-reader.ts';
import { openLogStore } from '../../controller/output/open-log-store.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import { createInformer } from '../../controller/runtime/informer.ts';
import { createClusterStore } from '../../controller/store/cluster/store.ts';
import { type Answer, type Asked, refused, startApiServer } from './api-server.ts';
import { createMemoryLog } from './logger.ts';
import { until } from './until.ts';

type Certificate = { readonly cert: string; readonly key: string };

export interface Sent {
  readonly certificate?: Certificate | undefined;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly method?: string;
}

const ALICE = { 'x-remote-user': 'alice', 'x-remote-group': ['devs', 'system:authenticated'], 'x-remote-extra-example.com%2fteam': ['a'] };
const SESSIONS = '/apis/berth.dev/v1alpha1/namespaces/default/sessions';
const SECRETS = '/api/v1/namespaces/ns/secrets';
const NAMES = { 'requestheader-username-headers': '["X-Remote-User"]', 'requestheader-group-headers': '["X-Remote-Group"]' };

/** Keys take long to make: every world of a test file has the same. */
const [own, other] = await Promise.all([signAuthority(Date.now()), signAuthority(Date.now())]);
const certificateOf = async (name: string, issuer: 'own' | 'other' = 'own') => {
  const authority = issuer === 'own' ? own : other;
  const { certificate, key } = await signServing(authority, [name], Date.now());
  return { cert: certificate, key, ca: authority.certificate };
};
const proxy = await certificateOf('front-proxy-client');
let secret: object | undefined;

export const openLogApiWorld = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-'));
  const server = await startApiServer();
  if (secret !== undefined) await server.api.send({ doing: 'share', method: 'POST', path: SECRETS, body: secret });
  const cluster = { caBundle: undefined as string | undefined, hasApiService: true, reviews: [] as unknown[], isAllowed: true };
  const trusted = { ...NAMES, 'requestheader-client-ca-file': proxy.ca, 'requestheader-allowed-names': '["front-proxy-client"]' };
  const data: Record<string, string> = { ...trusted, 'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]' };
  server.fault = (asked) => answerAsCluster(asked, cluster, data);
  const store = createClusterStore({ api: server.api, clock: systemClock, random: () => 0, record: () => undefined });
  const informer = createInformer({ kind: 'Session', store });
  const stop = new AbortController();
  const watching = informer.run(stop.signal);
  await informer.whenSynced;
  const root = join(folder, 'logs');
  const replicas: RunningLogApi[] = [];
  const log = createMemoryLog();
  return {
    server,
    cluster,
    data,
    folder,
    root,
    logs: openLogStore({ root }),
    /** A client certificate: of the authority that is believed, or of another that is not. */
    certificate: certificateOf,
    log,
    /** A replica that answers. `leader`: the port of the one that leads, its own when undefined. */
    start: async (
      options: {
        readonly leader?: () => number | undefined;
        readonly clock?: Clock;
        readonly certificates?: string;
        readonly port?: number;
      } = {},
    ) => {
      const { leader, clock = systemClock, certificates, port = 0 } = options;
      const replica = await startLogApi({
        host: '127.0.0.1',
        port,
        certificates,
        namespace: 'ns',
        api: server.api,
        clock,
        log,
        sessions: createSessions(informer, store),
        openLog: (name) => openLogReader(root, name),
        leadership: {
          isOurs: leader === undefined,
          address: async () => (leader?.() === undefined ? undefined : `127.0.0.1:${leader()}`),
        },
      });
      replicas.push(replica);
      await until(() => replica.problem() === undefined, 'credentials', 20_000);
      secret ??= server.objects.get(`${SECRETS}/berth-log-api-tls`);
      return replica;
    },
    session: async (name: string): Promise<Session> => {
      const body = { metadata: { name }, spec: { prompt: 'p' } };
      const made = await server.api.send<Session>({ doing: 'create', method: 'POST', path: SESSIONS, body });
      await until(() => informer.get({ namespace: 'default', name }) !== undefined);
      return made;
    },
    finish: async (name: string): Promise<void> => {
      const condition = { type: 'Finished', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z', reason: 'Done', message: '' };
      const body = { status: { conditions: [condition] } };
      const type = 'application/merge-patch+json';
      await server.api.send({ doing: 'finish', method: 'PATCH', path: `${SESSIONS}/${name}/status`, type, body });
    },
    remove: (name: string) => server.api.send({ doing: 'delete', method: 'DELETE', path: `${SESSIONS}/${name}`, body: {} }),
    /** As the API server sends it, unless told otherwise. */
    open: (replica: RunningLogApi, path: string, { certificate = proxy, headers = ALICE, method = 'GET' }: Sent = {}) =>
      request(replica.port, path, { ...('cert' in certificate ? certificate : {}), headers, method }),
    get: async (replica: RunningLogApi, path: string, { certificate = proxy, headers = ALICE, method = 'GET' }: Sent = {}) => {
      const answer = await request(replica.port, path, { ...certificate, headers, method });
      return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
    },
    close: async () => {
      for (const replica of replicas) await replica.close();
      stop.abort();
      await watching;
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

export type LogApiWorld = Awaited<ReturnType<typeof openLogApiWorld>>;

/** None at all. */
export const NO_CERTIFICATE = {} as Certificate;

const request = async (port: number, path: string, options: object): Promise<IncomingMessage> => {
  const sent = send({ host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false, ...options });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return answer;
};

const CONFIG_MAP = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';

const answerAsCluster = (
  { path, method, body }: Asked,
  cluster: { caBundle: string | undefined; readonly hasApiService: boolean; readonly reviews: unknown[]; readonly isAllowed: boolean },
  data: Readonly<Record<string, string>>,
): Answer | undefined => {
  if (path === CONFIG_MAP) return { status: 200, body: { data } };
  if (path.endsWith('/subjectaccessreviews')) {
    cluster.reviews.push((body as { readonly spec: unknown }).spec);
    const denied = { allowed: false, reason: 'no rule says so' };
    return { status: 201, body: { status: cluster.isAllowed ? { allowed: true } : denied } };
  }
  if (!path.startsWith('/apis/apiregistration.k8s.io/')) return undefined;
  if (!cluster.hasApiService) return refused(404, 'NotFound');
  if (method === 'PATCH') cluster.caBundle = (body as { readonly spec: { readonly caBundle: string } }).spec.caBundle;
  return { status: 200, body: { spec: { service: { namespace: 'ns', name: 'berth-log-api' }, caBundle: cluster.caBundle } } };
};
