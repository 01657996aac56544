// The real parts put together on a cluster: leads, serves what it knows of itself, and frees the lease at the end.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compose, modules } from '../controller/compose.ts';
import { readConfig } from '../controller/config.ts';
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

test("a pool may use the controller's own machine in a directory, and in a cluster only when that is allowed", () => {
  const typesOf = (store: string, allowLocal: boolean) => [...modules(readConfig({ store, allowLocal }, {}), folder).keys()];
  assert.ok(typesOf(`dir:${folder}`, false).includes('Local'));
  assert.not.ok(typesOf('cluster', false).includes('Local'));
  assert.ok(typesOf('cluster', true).includes('Local'));
});

test.run();
