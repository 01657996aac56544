import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errorCode, errorMessage } from '../../../controller/api/error.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { connect } from '../../../controller/store/cluster/connect.ts';
import { openClient, openStore, parseTarget } from '../../../controller/store/open.ts';
import { startApiServer } from '../../fakes/api-server.ts';

const test = suite('connecting to a cluster');
const folder = mkdtempSync(join(tmpdir(), 'berth-'));
let monotonic = 0;

const kubeconfig = (user: object, cluster: object = {}): string => {
  const path = join(folder, 'config');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:6443/', ...cluster } }],
    contexts: [
      { name: 'here', context: { cluster: 'c', user: 'u', namespace: 'team' } },
      { name: 'there', context: { cluster: 'c', user: 'u' } },
    ],
    users: [{ name: 'u', user }],
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
};
const open = (path: string, context?: string) => connect({ kubeconfig: path, context, monotonic: () => monotonic });
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => error,
  );

test('a context names server, namespace and credentials', async () => {
  const connection = await open(kubeconfig({ token: 'abc' }));
  assert.equal([connection.server, connection.namespace], ['https://127.0.0.1:6443', 'team']);
  const { headers } = await connection.credentials();
  assert.is(headers.authorization, 'Bearer abc');
  assert.is((await open(kubeconfig({ token: 'abc' }), 'there')).namespace, undefined);
  const basic = await (await open(kubeconfig({ username: 'me', password: 'pw' }))).credentials();
  assert.is(basic.headers.authorization, `Basic ${Buffer.from('me:pw').toString('base64')}`);
  await connection.close();
});

test('connections are shared for as long as the TLS material stays, and credentials asked for once a minute', async () => {
  const script = join(folder, 'plugin');
  const credential = (certificate: string): string =>
    JSON.stringify({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 't', clientCertificateData: certificate, clientKeyData: 'k', expirationTimestamp: '2020-01-01T00:00:00Z' },
    });
  const plugin = (certificate: string): void => writeFileSync(script, `#!/bin/sh\necho '${credential(certificate)}'\n`, { mode: 0o755 });
  plugin('one');
  const connection = await open(kubeconfig({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: script } }));
  const first = await connection.credentials();
  plugin('two');
  assert.is((await connection.credentials()).dispatcher, first.dispatcher);
  monotonic += 61_000;
  const second = await connection.credentials();
  assert.is.not(second.dispatcher, first.dispatcher);
  assert.is((await connection.credentials(true)).dispatcher, second.dispatcher);
  writeFileSync(script, '#!/bin/sh\nexit 1\n');
  const error = await failure(connection.credentials(true));
  assert.equal([errorCode(error), /cannot get credentials for the cluster/.test(errorMessage(error))], ['unavailable', true]);
  await connection.close();
});

test('an http proxy is used, another kind is refused', async () => {
  const proxied = await open(kubeconfig({ token: 'abc' }, { 'proxy-url': 'http://127.0.0.1:3128' }));
  assert.is((await proxied.credentials()).dispatcher.constructor.name, 'ProxyAgent');
  await proxied.close();
  const socks = await open(kubeconfig({ token: 'abc' }, { 'proxy-url': 'socks5://127.0.0.1:1080' }));
  assert.match(errorMessage(await failure(socks.credentials())), /socks5:\/\/127.0.0.1:1080 is not http or https/);
});

test('what cannot be used is said in one line', async () => {
  assert.match(errorMessage(await failure(open(join(folder, 'none')))), /cannot read the kubeconfig/);
  assert.match(errorMessage(await failure(open(kubeconfig({}), 'nowhere'))), /no context "nowhere": it has here, there/);
  writeFileSync(join(folder, 'empty'), 'apiVersion: v1\nkind: Config\n');
  assert.match(errorMessage(await failure(open(join(folder, 'empty')))), /has no context/);
  process.env.KUBECONFIG = '';
  const home = process.env.HOME;
  process.env.HOME = folder;
  assert.match(errorMessage(await failure(connect({ monotonic: () => 0 }))), /no cluster is known/);
  process.env.HOME = home;
});

test('a store and a client are opened by --store cluster', async () => {
  assert.equal(parseTarget('cluster', '/'), { type: 'cluster' });
  assert.equal(parseTarget('cluster:there', '/'), { type: 'cluster', context: 'there' });
  assert.throws(() => parseTarget('cluster:', '/'), /dir:PATH or cluster/);
  process.env.KUBECONFIG = kubeconfig({ token: 'abc' });
  const common = { clock: systemClock, random: Math.random, stateHome: folder, environment: {}, now: Date.now };
  const store = await openStore(parseTarget('cluster', '/'), { ...common, newUID: () => 'u', holder: { pid: 1, host: 'h', command: '' } });
  assert.match(store.stateFolder, /\/cluster-[0-9a-f]{16}$/);
  assert.is(store.election?.identity, 'h_1_u');
  await store.close();
  const here = await openClient(parseTarget('cluster', '/'), { ...common, state: '/state', allNamespaces: true });
  assert.equal([here.client.namespace, here.stateFolder], ['team', '/state']);
  assert.is(
    (await openClient(parseTarget('cluster:there', '/'), { ...common, environment: { BERTH_LEASE_NAMESPACE: 'x' } })).client.namespace,
    'default',
  );
});

test('a command reads the secrets it needs from there', async () => {
  const server = await startApiServer();
  process.env.KUBECONFIG = kubeconfig({ token: server.tokens.current }, { server: server.url, 'insecure-skip-tls-verify': true });
  const common = { clock: systemClock, random: Math.random, stateHome: folder, environment: {}, now: Date.now };
  const { client, secret } = await openClient(parseTarget('cluster', '/'), common);
  const key = { namespace: 'team', name: 'jump' };
  assert.is(await secret?.(key), undefined);
  await client.setSecret(key, { 'ssh-privatekey': 'k' });
  assert.equal(await secret?.(key), { 'ssh-privatekey': 'k' });
  await server.close();
});

test.after(() => rmSync(folder, { recursive: true }));
test.run();
