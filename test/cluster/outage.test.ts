// A controller at work while the API server and etcd die, its connections are cut, and its requests are refused: all goes
// on afterwards, and nothing was done twice. Seconds of each: CLUSTER_OUTAGE_SECONDS, 60 for the whole proof; without it,
// what the old server has shown is not shown by the CRD server again.
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { kubeAssets } from '../fakes/kube/assets.ts';
import { openCloudWorld } from '../fakes/kube/cloud-world.ts';
import type { RunningController } from '../fakes/kube/controller.ts';
import { startRefusingProxy } from '../fakes/kube/refusing-proxy.ts';
import { startTcpProxy } from '../fakes/tcp-proxy.ts';
import { until } from '../fakes/until.ts';

const assets = kubeAssets('a controller through outages of the API server', ['full', 'old', 'crd']);
if (assets) {
  const test = suite('outages');
  const isThorough = process.env.CLUSTER_OUTAGE_SECONDS !== undefined;
  const OUTAGE_MS = Number(process.env.CLUSTER_OUTAGE_SECONDS ?? '4') * 1000;
  const PATIENCE_MS = 90_000 + OUTAGE_MS;
  const world = await openCloudWorld(assets);
  const { cloud, kube } = world;
  cloud.runMs = 1_000;

  /** As the kubelet would: one that ends is started again. */
  const keepRunning = (name: string, kubeconfig = kube.kubeconfig) => {
    let starts = 0;
    let isWanted = true;
    const start = (): RunningController => {
      starts += 1;
      const controller = world.start(`${name}-${starts}`, { kubeconfig });
      controller.process.once('exit', () => {
        world.running.delete(controller);
        if (isWanted) current = start();
      });
      return controller;
    };
    let current = start();
    return {
      starts: () => starts,
      stop: async (): Promise<void> => {
        isWanted = false;
        assert.is(await world.end(current, 'SIGTERM'), 0);
      },
    };
  };
  const untilFinished = (prefix: string, count: number): Promise<void> =>
    until(async () => (await world.finished(prefix)) >= count, `${count} finished sessions`, PATIENCE_MS);
  const untilLeading = (): Promise<void> => until(async () => (await world.leader()) !== undefined, 'a leader', PATIENCE_MS);

  const shown = (what: string): boolean => isThorough || kube.variant === 'full' || (what === 'API server') === (kube.variant === 'old');

  for (const what of (['API server', 'etcd'] as const).filter(shown)) {
    test(`${what}: killed in the middle of the work, and back after a while`, async () => {
      const name = what === 'etcd' ? 'etcd' : 'api';
      const controller = keepRunning(name);
      await untilLeading();
      await world.createSessions(name, 30);
      await untilFinished(name, 1);
      await kube.kill(what);
      await delay(OUTAGE_MS);
      await kube.restart();
      await untilFinished(name, 30);
      await controller.stop();
      console.log(`${what} was away for ${OUTAGE_MS / 1000} s; the controller was started ${controller.starts()} times`);
      await world.judge();
    });
  }

  if (shown('the way to the server')) {
    test('connections cut at random', async () => {
      const proxy = await startTcpProxy(Number(new URL(kube.server).port));
      const through = `${kube.kubeconfig}.cut`;
      writeFileSync(through, readFileSync(kube.kubeconfig, 'utf8').replace(kube.server, `https://127.0.0.1:${proxy.port}`));
      const controller = keepRunning('cut', through);
      await untilLeading();
      let cuts = 0;
      let created = 0;
      for (const end = performance.now() + OUTAGE_MS; performance.now() < end; cuts += 1) {
        if (cuts % 4 === 0) {
          await world.createSessions(`cut-${cuts}`, 5);
          created += 5;
        }
        await delay(100 + Math.random() * 900);
        proxy.cut();
      }
      await untilFinished('cut-', created);
      await controller.stop();
      await proxy.close();
      console.log(`${cuts} cuts, ${created} sessions; the controller was started ${controller.starts()} times`);
      await world.judge();
    });

    test('requests refused with 429 and Retry-After', async () => {
      const proxy = await startRefusingProxy(kube);
      proxy.share = 0.4;
      const controller = keepRunning('refused', proxy.kubeconfig);
      await untilLeading();
      await world.createSessions('refused', 30);
      await delay(OUTAGE_MS);
      await untilFinished('refused', 30);
      console.log(`${proxy.refused} requests refused; the controller was started ${controller.starts()} times`);
      assert.ok(proxy.refused > 30);
      proxy.share = 0;
      await controller.stop();
      await proxy.close();
      await world.judge();
    });
  }

  if (kube.variant !== 'crd') {
    test('a server that takes few requests at a time', async () => {
      const kubeconfig = kube.kubeconfigOf('berth', 'berths');
      await kube.kubectl(['create', 'clusterrolebinding', 'berth', '--clusterrole=cluster-admin', '--user=berth']);
      await kube.kill();
      await kube.restart(['--enable-priority-and-fairness=false', '--max-requests-inflight=4', '--max-mutating-requests-inflight=3']);
      const controller = keepRunning('few', kubeconfig);
      await untilLeading();
      await world.createSessions('few', 30);
      await untilFinished('few', 30);
      await controller.stop();
      const metrics = await kube.kubectl(['get', '--raw', '/metrics']);
      // The first is what old servers call it.
      const counts = metrics.matchAll(/^apiserver_(?:dropped_requests_total|request_terminations_total\{code="429")[^ ]* (\d+)$/gm);
      const refused = [...counts].reduce((sum, [, n]) => sum + Number(n), 0);
      console.log(`${refused} requests dropped by the server; the controller was started ${controller.starts()} times`);
      await world.judge();
    });
  }

  test.after(async () => {
    await world.close();
  });
  test.run();
}
