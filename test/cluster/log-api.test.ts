// Whole logs behind a real API server: kubectl reads and follows them, RBAC says who may, and a standby passes on what the
// leader has.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { apiServiceObjects, createAggregation } from '../fakes/kube/aggregation.ts';
import { kubeAssets } from '../fakes/kube/assets.ts';
import { installCRDs, openApi } from '../fakes/kube/cluster.ts';
import { type RunningController, startController } from '../fakes/kube/controller.ts';
import { freePort, startKube } from '../fakes/kube/start.ts';
import { until } from '../fakes/until.ts';

const CLI = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const run = promisify(execFile);
const GROUP = '/apis/output.berth.dev/v1alpha1';
const logPath = (name: string, query = ''): string => `${GROUP}/namespaces/default/sessions/${name}/log${query}`;

const LONG = Array.from({ length: 3000 }, (_, n) => `line ${n + 1}\n`).join('');

const assets = kubeAssets('whole logs through the aggregation layer', ['full', 'old']);
if (assets) {
  const test = suite('log API in a cluster');
  const state = mkdtempSync(join(tmpdir(), 'berth-'));
  const aggregation = createAggregation();
  const kube = await startKube(assets, { flags: aggregation.flags });
  await installCRDs(kube);
  const standbyPort = await freePort();
  const running = new Map<string, RunningController>();
  const start = (name: string, port: number | undefined): RunningController => {
    const env = port === undefined ? {} : { env: { BERTH_LOG_API: `127.0.0.1:${port}` } };
    const controller = startController({ kubeconfig: kube.kubeconfig, state, name, ...env });
    running.set(name, controller);
    return controller;
  };
  const create = (object: object) =>
    kube.kubectl(['create', '-f', '-'], { input: JSON.stringify({ apiVersion: 'berth.dev/v1alpha1', ...object }) });
  const session = (name: string, script: string) =>
    create({ kind: 'Session', metadata: { name }, spec: { command: ['sh', '-c', script], poolRef: { name: 'p' } } });
  const raw = (path: string, kubeconfig = kube.kubeconfig): Promise<string> => kube.kubectl(['get', '--raw', path], { kubeconfig });
  const finished = (name: string) => kube.kubectl(['wait', '--for=condition=Finished', '--timeout=60s', `sessions.berth.dev/${name}`]);
  const env = { ...process.env, KUBECONFIG: kube.kubeconfig, BERTH_LEASE_NAMESPACE: 'default', BERTH_STORE: 'cluster' };
  const berth = (...args: readonly string[]) => berthOf(kube.kubeconfig, ...args);
  const berthOf = async (kubeconfig: string, ...args: readonly string[]) => {
    return run(process.execPath, [CLI, ...args], { env: { ...env, KUBECONFIG: kubeconfig }, maxBuffer: 2 ** 26 }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }: { readonly code: number; readonly stdout: string; readonly stderr: string }) => ({ code, stdout, stderr }),
    );
  };

  /** What came so far, and how it ended. */
  const follow = (program: string, args: readonly string[]) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    child.stderr.pipe(process.stderr);
    return { text: () => text, ended: once(child, 'exit').then(([code]) => code as number | null) };
  };
  const refused = async (running: Promise<string>): Promise<string> =>
    running.then(
      () => assert.unreachable('was not refused'),
      ({ stderr }: { readonly stderr: string }) => stderr,
    ) as Promise<string>;

  test('without an APIService, output is the tail that the status shows, and says so', async () => {
    const controller = start('before', undefined);
    await create({ kind: 'VMPool', metadata: { name: 'p' }, spec: { provider: { type: 'Local' }, sizes: [{ name: 'l' }] } });
    await session('long', 'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo line $i; done; exit 3');
    await finished('long');
    const { stdout, stderr } = await berth('output', 'long', '--raw');
    assert.match(stderr, 'this cluster does not serve whole logs');
    assert.ok(stdout.length <= 4096 && stdout.endsWith('line 3000\n'));
    await controller.end('SIGTERM');
    running.delete('before');
  });

  test('kubectl finds the API, and reads whole logs from any offset', async () => {
    const port = await freePort();
    await kube.kubectl(['create', '-f', '-'], { input: apiServiceObjects('default', port) });
    start('one', port);
    await kube.kubectl(['wait', '--for=condition=Available', '--timeout=90s', 'apiservice/v1alpha1.output.berth.dev']);
    // An API server of 1.20 goes on answering 404 for a moment.
    await until(async () => (await raw(GROUP).catch(() => '')) !== '', 'the API', 30_000);
    console.log(`kubectl get --raw ${GROUP}\n${await raw(GROUP)}`);
    assert.is(await raw(logPath('long')), LONG);
    assert.is(await raw(logPath('long', `?offset=${LONG.length - 10}`)), 'line 3000\n');
    assert.is(await raw(logPath('long', '?offset=5&limit=9')), LONG.slice(5, 14));
    assert.match(
      await refused(raw(logPath('long', '?offset=99999999'))),
      `offset 99999999 is past the end: the output of session long has ${LONG.length} bytes`,
    );
    assert.match(await refused(raw(logPath('nobody'))), '(NotFound): sessions.berth.dev "nobody" not found');
    assert.match(await kube.kubectl(['api-versions']), /^output\.berth\.dev\/v1alpha1$/m);
  });

  test('a follower hears each line at once, and ends with the session', async () => {
    const gate = join(state, 'gate');
    await session('followed', `echo first; until [ -e ${gate} ]; do sleep 0.1; done; echo last`);
    await kube.kubectl(['wait', '--for=condition=Started', '--timeout=60s', 'sessions.berth.dev/followed']);
    const following = follow('kubectl', ['get', '--raw', logPath('followed', '?follow=true')]);
    await until(() => following.text() === 'first\n', 'the first line');
    writeFileSync(gate, '');
    assert.is(await following.ended, 0);
    assert.is(following.text(), 'first\nlast\n');
  });

  test('a follower of a session that says nothing is answered at once', async () => {
    await session('silent', 'sleep 600');
    await kube.kubectl(['wait', '--for=condition=Started', '--timeout=60s', 'sessions.berth.dev/silent']);
    const api = await openApi(kube);
    const stop = new AbortController();
    const asked = performance.now();
    await api.stream({ doing: 'follow', path: logPath('silent'), query: { follow: 'true' }, signal: stop.signal });
    console.log(`followed after ${Math.round(performance.now() - asked)} ms`);
    assert.ok(performance.now() - asked < 10_000);
    stop.abort();
    await api.close();
    await kube.kubectl(['delete', 'sessions.berth.dev', 'silent', '--wait=false']);
  });

  test('our own command reads the same', async () => {
    const header = await berth('output', 'long');
    assert.match(header.stdout, /^=== Session: long ===\n.*\nStatus: failed\nCaptured: .* \(100 lines\)\n\nline 2901\n/);
    assert.is(header.stderr, '');
    assert.is((await berth('output', 'long', '--raw')).stdout, LONG);
    assert.is((await berth('output', 'long', '--raw', '--since-byte', String(LONG.length - 10))).stdout, 'line 3000\n');
    const past = await berth('output', 'long', '--since-byte', '99999999');
    assert.equal([past.code, past.stderr], [2, `Error: --since-byte: the output has only ${LONG.length} bytes\n`]);
    const followed = await berth('output', 'long', '--raw', '--follow');
    assert.equal([followed.code, followed.stdout === LONG], [3, true]);
    const missing = await berth('output', 'nobody');
    assert.equal([missing.code, missing.stderr], [3, 'Error: Session ID not found\n']);
  });

  test('who may read output is RBAC, whatever else they may do', async () => {
    const somebody = kube.kubeconfigOf('somebody', 'people');
    const denied = await refused(raw(logPath('long'), somebody));
    console.log(denied.trim());
    assert.match(denied, 'User "somebody" cannot get resource "sessions/log" in API group "output.berth.dev" in the namespace "default"');
    const role = (name: string, apiGroups: readonly string[], resource: string) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name },
      rules: [{ apiGroups, resources: [resource], verbs: ['get'] }],
    });
    const allow = async (name: string, group: string, resource: string) => {
      await kube.kubectl(['create', '-f', '-'], { input: JSON.stringify(role(name, [group], resource)) });
      await kube.kubectl(['create', 'rolebinding', name, `--role=${name}`, '--group=people']);
    };
    await allow('viewers', 'berth.dev', 'sessions');
    await until(async () => (await berthOf(somebody, 'output', 'long')).code === 1, 'the right to see sessions', 20_000);
    const { stdout, stderr } = await berthOf(somebody, 'output', 'long');
    assert.is(stdout, '', 'not even the tail');
    assert.match(
      stderr,
      'Error: cannot read the output of session default/long: sessions.output.berth.dev "long" is forbidden: User "somebody"',
    );
    await allow('readers', 'output.berth.dev', 'sessions/log');
    await until(async () => (await raw(logPath('long'), somebody).catch(() => '')) === LONG, 'the right to read', 10_000);
  });

  test('a standby passes on what the leader has, and a follower goes on when the leader dies', async () => {
    const leader = running.get('one');
    const port = standbyPort;
    const standby = start('two', port);
    await until(() => standby.log().includes('Waiting for the lease'), 'a standby');
    await kube.kubectl(['patch', 'service', 'berth-log-api', '--type=merge', '-p', JSON.stringify({ spec: { ports: [{ port }] } })]);
    const patch = JSON.stringify({ spec: { service: { port } } });
    await kube.kubectl(['patch', 'apiservice', 'v1alpha1.output.berth.dev', '--type=merge', '-p', patch]);
    await until(async () => (await raw(logPath('long')).catch(() => '')) === LONG, 'the log by way of the standby', 30_000);
    const gate = join(state, 'gate-2');
    await session(
      'outliving',
      `i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo $i; sleep 0.05; done; until [ -e ${gate} ]; do sleep 0.1; done; echo over`,
    );
    await kube.kubectl(['wait', '--for=condition=Started', '--timeout=60s', 'sessions.berth.dev/outliving']);
    const following = follow(process.execPath, [CLI, 'output', 'outliving', '--raw', '--follow']);
    await until(() => following.text().includes('\n20\n'), 'some output', 30_000);
    await leader?.end('SIGKILL');
    running.delete('one');
    await until(async () => (await raw(logPath('outliving')).catch(() => '')).includes('\n200\n'), 'the new leader', 60_000);
    writeFileSync(gate, '');
    const code = await following.ended;
    const expected = Array.from({ length: 200 }, (_, n) => `${n + 1}\n`).join('');
    assert.equal([code, following.text()], [0, `${expected}over\n`]);
  });

  test('a follower outlives the API server and the controller together', async () => {
    const gate = join(state, 'gate-3');
    await session('surviving', `seq 1 100; until [ -e ${gate} ]; do sleep 0.1; done; seq 101 200`);
    await kube.kubectl(['wait', '--for=condition=Started', '--timeout=60s', 'sessions.berth.dev/surviving']);
    const following = follow(process.execPath, [CLI, 'output', 'surviving', '--raw', '--follow']);
    await until(() => following.text().endsWith('\n100\n'), 'the first half', 30_000);
    await kube.kill();
    await running.get('two')?.end('SIGKILL');
    running.delete('two');
    await kube.restart();
    start('three', standbyPort);
    writeFileSync(gate, '');
    assert.equal([await following.ended, following.text()], [0, Array.from({ length: 200 }, (_, n) => `${n + 1}\n`).join('')]);
  });

  test('while no controller is there, that is said, and the exit code tells', async () => {
    await running.get('three')?.end('SIGTERM');
    running.delete('three');
    const { code, stdout, stderr } = await berth('output', 'long', '--raw');
    console.log(stderr.trim());
    assert.equal([code, stdout], [4, '']);
    assert.match(stderr, 'Error: cannot ');
  });

  test.after(async () => {
    for (const controller of running.values()) await controller.end('SIGTERM');
    await kube.close();
    aggregation.close();
    rmSync(state, { recursive: true, force: true });
  });
  test.run();
}
