// Two controllers, one lease: who leads dies, or is frozen past its lease and goes on, and nothing is done twice.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { kubeAssets } from '../fakes/kube/assets.ts';
import { installCRDs } from '../fakes/kube/cluster.ts';
import { type RunningController, startController } from '../fakes/kube/controller.ts';
import { freePort, startKube } from '../fakes/kube/start.ts';
import { until } from '../fakes/until.ts';

const assets = kubeAssets('taking over from a leader', ['full', 'old', 'given']);
if (assets) {
  const test = suite('leaders');
  const state = mkdtempSync(join(tmpdir(), 'berth-'));
  const starts = join(state, 'starts');
  const kube = await startKube(assets);
  await installCRDs(kube);
  const running = new Set<RunningController>();
  const start = (name: string, env: Readonly<Record<string, string>> = {}): RunningController => {
    const controller = startController({ kubeconfig: kube.kubeconfig, state, name, env });
    running.add(controller);
    return controller;
  };
  const leader = async (): Promise<RunningController | undefined> => {
    const identity = await kube.kubectl(['get', 'lease', 'berth-controller', '-o', 'jsonpath={.spec.holderIdentity}']).catch(() => '');
    return [...running].find(({ pid }) => identity.includes(`_${pid}_`));
  };
  const untilLeading = async (among: (controller: RunningController) => boolean): Promise<RunningController> => {
    let found: RunningController | undefined;
    await until(
      async () => {
        found = await leader();
        return found !== undefined && among(found);
      },
      'a leader',
      40_000,
    );
    if (found === undefined) throw new Error('no leader');
    return found;
  };
  const run = async (name: string): Promise<void> => {
    const spec = { command: ['sh', '-c', `echo ${name} >> ${starts}`], poolRef: { name: 'p' } };
    const session = { apiVersion: 'berth.dev/v1alpha1', kind: 'Session', metadata: { name }, spec };
    await kube.kubectl(['create', '-f', '-'], { input: JSON.stringify(session) });
  };
  const finished = (...names: readonly string[]): Promise<string> =>
    kube.kubectl(['wait', '--for=condition=Finished', '--timeout=60s', ...names.map((name) => `sessions.berth.dev/${name}`)]);

  test('a standby is ready, and takes over from a leader that was killed within 20 s', async () => {
    const pool = {
      apiVersion: 'berth.dev/v1alpha1',
      kind: 'VMPool',
      metadata: { name: 'p' },
      spec: { provider: { type: 'Local' }, sizes: [{ name: 'l' }] },
    };
    await kube.kubectl(['create', '-f', '-'], { input: JSON.stringify(pool) });
    start('one');
    const first = await untilLeading(() => true);
    const port = await freePort();
    const second = start('two', { BERTH_HTTP_ADDRESS: `127.0.0.1:${port}` });
    await until(
      async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.status === 200,
      'readiness of the standby',
    );
    const metrics = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    assert.match(await metrics(), /leader_election_master_status\{name="berth-controller"\} 0/);
    await run('before');
    await finished('before');
    const killed = performance.now();
    await first.end('SIGKILL');
    running.delete(first);
    assert.is(await untilLeading((controller) => controller === second), second);
    const tookMs = performance.now() - killed;
    console.log(`took over after ${(tookMs / 1000).toFixed(1)} s`);
    assert.ok(tookMs < 20_000);
    await run('after');
    await finished('after');
    assert.match(await metrics(), /leader_election_master_status\{name="berth-controller"\} 1/);
  });

  test('a leader that was frozen past its lease does nothing more when it goes on, but end', async () => {
    const stale = await untilLeading(() => true);
    const next = start('three');
    await until(() => next.log().includes('Waiting for the lease'));
    stale.process.kill('SIGSTOP');
    await run('frozen-1');
    await untilLeading((controller) => controller === next);
    await run('frozen-2');
    await finished('frozen-1', 'frozen-2');
    const before = stale.log().length;
    stale.process.kill('SIGCONT');
    await until(() => stale.process.exitCode !== null, 'the end of the stale leader');
    running.delete(stale);
    assert.is.not(stale.process.exitCode, 0);
    // What was past its check when it froze may still be told of; nothing of what came later is done.
    const done = stale
      .log()
      .slice(before)
      .split('\n')
      .filter((line) => line.includes('Carried out action'));
    assert.equal(
      done.filter((line) => line.includes('frozen-')),
      [],
    );
    assert.match(stale.log(), /lease default\/berth-controller was lost/);
  });

  test('a leader that is told to stop hands over at once', async () => {
    const first = await untilLeading(() => true);
    const next = start('four');
    await until(() => next.log().includes('Waiting for the lease'));
    const told = performance.now();
    assert.is(await first.end('SIGTERM'), 0);
    running.delete(first);
    await untilLeading((controller) => controller === next);
    assert.ok(performance.now() - told < 10_000);
  });

  test('each session was started once, on one machine for each VM object', async () => {
    const lines = readFileSync(starts, 'utf8').trim().split('\n').sort();
    assert.equal(lines, ['after', 'before', 'frozen-1', 'frozen-2']);
    const vms = await kube.kubectl(['get', 'vms.berth.dev', '-o', 'name']);
    assert.is(
      readdirSync(join(state, 'local'), { recursive: true }).filter((path) => String(path).endsWith('machine.json')).length,
      vms.trim().split('\n').length,
    );
  });

  test.after(async () => {
    for (const controller of running) await controller.end('SIGTERM');
    await kube.close();
    rmSync(state, { recursive: true, force: true });
  });
  test.run();
}
