// The real parts put together on a cluster: leads, serves what it knows of itself, and frees the lease at the end.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compose, modules } from '../controller/compose.ts';
import { readConfig } from '../controller/config.ts';
import { signAuthority } from '../controller/log-api/sign.ts';
import { refused, startApiServer } from './fakes/api-server.ts';
import { createMemoryLog } from './fakes/logger.ts';
import { until } from './fakes/until.ts';

const test = suite('compose');
const folder = mkdtempSync(join(tmpdir(), 'berth-'));
const before = process.env.KUBECONFIG;
test.after(() => {
  if (before === undefined) delete process.env.KUBECONFIG;
  else process.env.KUBECONFIG = before;
  rmSync(folder, { recursive: true });
});

const kubeconfig = (server: string, token: string): string => {
  const path = join(folder, 'config');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
    users: [{ name: 'u', user: { token } }],
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
};

test('leads a cluster, tells its state over HTTP, and frees the lease when it ends', async () => {
  const server = await startApiServer();
  process.env.KUBECONFIG = kubeconfig(server.url, server.tokens.current);
  const environment = { PATH: process.env.PATH, XDG_STATE_HOME: folder, BERTH_LEASE_NAMESPACE: 'ns' };
  const log = createMemoryLog();
  const hadTrouble = () => log.lines.some(({ msg }) => msg === 'Had trouble with the API server');
  server.fault = ({ path }) => (path.endsWith('/vms') && !hadTrouble() ? refused(500, 'InternalError') : undefined);
  const stop = new AbortController();
  const composed = await compose(readConfig({ store: 'cluster:here', httpAddress: '0' }, environment), log);
  const running = composed.run(stop.signal);
  const url = () => log.lines.find(({ msg }) => msg === 'Serving health and metrics')?.url;
  await until(() => url() !== undefined && log.lines.some(({ msg }) => msg === 'Leading'));
  await until(async () => (await fetch(`${url()}/readyz`)).ok);
  const metrics = await (await fetch(`${url()}/metrics`)).text();
  assert.match(metrics, /^leader_election_master_status\{name="berth-controller"\} 1$/m);
  assert.ok(hadTrouble());
  stop.abort();
  await running;
  const [lease] = [...server.objects].filter(([path]) => path.includes('/leases/')).map(([, { spec }]) => spec);
  assert.is((lease as { readonly holderIdentity?: string } | undefined)?.holderIdentity, '');
  await server.close();
});

test('serves whole logs beside, is ready when it can, and tells the others where', async () => {
  const server = await startApiServer();
  process.env.KUBECONFIG = kubeconfig(server.url, server.tokens.current);
  const data = { 'requestheader-client-ca-file': (await signAuthority(Date.now())).certificate };
  let isPublished = false;
  server.fault = ({ path }) => {
    if (path.includes('/apiservices/')) return refused(404, 'NotFound');
    return path.includes('/configmaps/') ? (isPublished ? { status: 200, body: { data } } : refused(403, 'Forbidden')) : undefined;
  };
  const environment = { PATH: process.env.PATH, XDG_STATE_HOME: folder, BERTH_LEASE_NAMESPACE: 'ns', BERTH_POD_IP: '::1' };
  const log = createMemoryLog();
  const stop = new AbortController();
  const composed = await compose(readConfig({ store: 'cluster', httpAddress: '0', logApi: '127.0.0.1:0' }, environment), log);
  const running = composed.run(stop.signal);
  const said = (msg: string) => log.lines.find((line) => line.msg === msg);
  await until(() => said('Leading') !== undefined);
  const url = said('Serving health and metrics')?.url;
  const ready = async () => (await fetch(`${url}/readyz`)).text();
  assert.match(await ready(), '[-]logs failed: cannot read configmap kube-system/extension-apiserver-authentication: Forbidden it is');
  isPublished = true;
  await until(async () => (await ready()).includes('[+]logs ok'), 'readiness', 20_000);
  const port = said('Serving whole logs')?.port;
  const [lease] = [...server.objects].filter(([path]) => path.includes('/leases/')).map(([, { metadata }]) => metadata);
  assert.equal((lease as { readonly annotations?: object } | undefined)?.annotations, { 'berth.dev/log-api-address': `[::1]:${port}` });
  stop.abort();
  await running;
  await server.close();
});

test('whole logs are served for a cluster only, and where others can reach them', async () => {
  const log = createMemoryLog();
  const directory = await compose(readConfig({ store: `dir:${join(folder, 'manifests')}`, logApi: '0' }, { XDG_STATE_HOME: folder }), log);
  await directory.run(new AbortController().signal).then(
    () => assert.unreachable(),
    (error: Error) => assert.is(error.message, '--log-api serves the logs of a cluster, and --store names a directory'),
  );
  const server = await startApiServer();
  process.env.KUBECONFIG = kubeconfig(server.url, server.tokens.current);
  const stop = new AbortController();
  const composed = await compose(
    readConfig({ store: 'cluster', logApi: '0' }, { XDG_STATE_HOME: folder, BERTH_LEASE_NAMESPACE: 'ns' }),
    log,
  );
  const running = composed.run(stop.signal);
  await until(() => log.lines.some(({ msg }) => msg.startsWith('Standbys cannot forward to this controller')));
  stop.abort();
  await running;
  await server.close();
});

test("a pool may use the controller's own machine in a directory, and in a cluster only when that is allowed", () => {
  const typesOf = (store: string, allowLocal: boolean) => [...modules(readConfig({ store, allowLocal }, {}), folder).keys()];
  assert.ok(typesOf(`dir:${folder}`, false).includes('Local'));
  assert.not.ok(typesOf('cluster', false).includes('Local'));
  assert.ok(typesOf('cluster', true).includes('Local'));
});

test.run();
