// End to end with real kubectl alone, then by our own commands: pool and sessions applied, run, watched, read and deleted.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Session } from '../../controller/api/types.generated.ts';
import { kstatus } from '../fakes/kstatus.ts';
import { kubeAssets } from '../fakes/kube/assets.ts';
import { installCRDs } from '../fakes/kube/cluster.ts';
import { startController } from '../fakes/kube/controller.ts';
import { type Kube, startKube } from '../fakes/kube/start.ts';

const CLI = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const run = promisify(execFile);

const pool = (name: string): object => ({
  apiVersion: 'berth.dev/v1alpha1',
  kind: 'VMPool',
  metadata: { name, namespace: 'default' },
  spec: { provider: { type: 'Local' }, sizes: [{ name: 'l' }], maxVMs: 2 },
});
const session = (name: string, poolName: string, script: string): object => ({
  apiVersion: 'berth.dev/v1alpha1',
  kind: 'Session',
  metadata: { name, namespace: 'default' },
  spec: { command: ['sh', '-c', script], poolRef: { name: poolName } },
});
const list = (...items: readonly object[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

const assets = kubeAssets('sessions from kubectl apply to kubectl delete', ['full', 'old', 'given']);
if (assets) {
  const test = suite('cluster end to end');
  const state = mkdtempSync(join(tmpdir(), 'berth-'));
  const kube: Kube = await startKube(assets);
  await installCRDs(kube);
  const controller = startController({ kubeconfig: kube.kubeconfig, state, name: 'one' });
  const get = async (name: string): Promise<Session> => JSON.parse(await kube.kubectl(['get', 'sessions.berth.dev', name, '-o', 'json']));
  const berth = async (...args: readonly string[]): Promise<string> => {
    const env = { ...process.env, KUBECONFIG: kube.kubeconfig, BERTH_LEASE_NAMESPACE: 'default', BERTH_STORE: 'cluster' };
    return (await run(process.execPath, [CLI, ...args], { env })).stdout;
  };

  test('kubectl applies, waits, reads and deletes', async () => {
    const sessions = [session('a', 'p', 'echo one'), session('b', 'p', 'echo two; exit 3'), session('c', 'p', 'sleep 600')];
    const manifests = list(pool('p'), ...sessions);
    await kube.kubectl(['apply', '-f', '-'], { input: manifests });
    await kube.kubectl(['wait', '--for=condition=Finished', '--timeout=60s', 'sessions.berth.dev/a', 'sessions.berth.dev/b']);
    await kube.kubectl(['wait', '--for=condition=Ready', '--timeout=60s', 'sessions.berth.dev/c']);
    const [a, b, c] = await Promise.all([get('a'), get('b'), get('c')]);
    assert.is(a.status?.phase, 'Completed');
    assert.is(a.status?.output?.tail, 'one\n');
    assert.equal([b.status?.phase, b.status?.exitCode, b.status?.reason], ['Failed', 3, 'AgentFailed']);
    assert.is(c.status?.phase, 'Running');
    assert.equal([a, b, c].map(kstatus), ['Current', 'Failed', 'Current']);

    assert.match(await kube.kubectl(['apply', '-f', '-'], { input: manifests }), /^(\S+ unchanged\n){4}$/);
    const diff = await kube.kubectl(['diff', '-f', '-'], { input: manifests });
    assert.is(diff, '');

    const table = await kube.kubectl(['get', 'sessions.berth.dev']);
    console.log(table + (await kube.kubectl(['get', 'vmpools.berth.dev,vms.berth.dev'])));
    assert.match(table, /^NAME +VM +STATUS +AGE +PROMPT/);
    await kube.kubectl(['patch', 'sessions.berth.dev/c', '--type=merge', '-p', '{"spec":{"shutdown":"Immediate"}}']);
    await kube.kubectl(['wait', '--for=condition=Finished', '--timeout=60s', 'sessions.berth.dev/c']);
    assert.is((await get('c')).status?.phase, 'Killed');
    const events = await kube.kubectl(['get', 'events', '-o', 'custom-columns=R:.reason,O:.involvedObject.name', '--no-headers']);
    for (const reason of ['PlacedSession +a', 'LaunchedSession +a', 'CreatingMachine']) assert.match(events, new RegExp(reason));
    await kube.kubectl([
      'delete',
      '--timeout=60s',
      'sessions.berth.dev/a',
      'sessions.berth.dev/b',
      'sessions.berth.dev/c',
      'vmpools.berth.dev/p',
    ]);
    assert.is(await kube.kubectl(['get', 'berth', '-o', 'name']), '');
  });

  test('our own commands do the same', async () => {
    await kube.kubectl(['apply', '-f', '-'], { input: list(pool('default')) });
    const name = (await berth('start', '-o', 'name', '--', 'sh', '-c', 'echo hello')).trim().split('/').at(-1) ?? '';
    assert.match(await berth('wait', name), /completed/);
    assert.match(await berth('list'), /completed/);
    assert.match(await berth('output', name), /hello/);
    assert.match(await berth('status'), /default-0/);
    assert.match(await berth('events', name), /LaunchedSession/);
    await berth('secret', 'set', 's', 'k', '--from-env', 'HOME');
    assert.match(await berth('secret', 'list'), /^s +k$/m);
    await berth('secret', 'delete', 's');
    assert.match(await berth('delete', 'session', name), /deleted/);
  });

  test.after(async () => {
    assert.is(await controller.end('SIGTERM'), 0);
    await kube.close();
    rmSync(state, { recursive: true, force: true });
  });
  test.run();
}
