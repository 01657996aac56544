// The store against what happens to a real API server and to the way to it.
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Clock } from '../../controller/api/clock.ts';
import { errorCode } from '../../controller/api/error.ts';
import { type Kinds, keyOf } from '../../controller/api/object.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import { createInformer, type Informer } from '../../controller/runtime/informer.ts';
import { createClusterStore } from '../../controller/store/cluster/store.ts';
import type { Store } from '../../controller/store/store.ts';
import { fastClock } from '../fakes/fast-clock.ts';
import { kubeAssets } from '../fakes/kube/assets.ts';
import { installCRDs, openApi, wipe } from '../fakes/kube/cluster.ts';
import { startKube } from '../fakes/kube/start.ts';
import { startTcpProxy } from '../fakes/tcp-proxy.ts';
import { until } from '../fakes/until.ts';

const assets = kubeAssets('faults of a real API server and of the way to it', ['full', 'old', 'crd']);
if (assets) {
  const test = suite('faults of a cluster');
  const kube = await startKube(assets);
  await installCRDs(kube);
  const proxy = await startTcpProxy(Number(new URL(kube.server).port));
  const throughProxy = `${kube.kubeconfig}.proxied`;
  writeFileSync(throughProxy, readFileSync(kube.kubeconfig, 'utf8').replace(kube.server, `https://127.0.0.1:${proxy.port}`));
  const direct = await openApi(kube);
  const storeOf = (api: typeof direct, clock: Clock = systemClock): Store =>
    createClusterStore({ api, clock, random: Math.random, record: () => undefined });
  const store = storeOf(direct);
  const create = (name: string) =>
    store.create('VM', {
      metadata: { namespace: 'default', name, finalizers: ['a/b'] },
      spec: { poolRef: { name: 'p' }, size: 'l', slots: 4 },
    });
  const at = ({ metadata }: Kinds['VM']) => ({ ...keyOf({ metadata }), uid: metadata.uid, resourceVersion: metadata.resourceVersion });
  const versions = (objects: readonly Kinds['VM'][]): readonly string[] =>
    objects.map(({ metadata }) => `${metadata.name} ${metadata.uid} ${metadata.resourceVersion}`).sort();

  /** An informer whose watch goes through the proxy, so many times faster than the clock. */
  const watching = async (times: number, body: (informer: Informer<'VM'>) => Promise<void>): Promise<void> => {
    await wipe(direct);
    const api = await openApi(kube, throughProxy);
    const informer = createInformer({ kind: 'VM', store: storeOf(api, fastClock(times)) });
    const stop = new AbortController();
    const running = informer.run(stop.signal);
    try {
      await informer.whenSynced;
      await body(informer);
    } finally {
      stop.abort();
      await running;
      await api.close();
    }
  };
  const untilEqual = (informer: Informer<'VM'>): Promise<void> =>
    until(
      async () => String(versions(informer.list())) === String(versions(await store.list('VM'))),
      'the same in cache and cluster',
      30_000,
    );

  test('a cache is what the cluster is, however often its connection is cut', async () => {
    await watching(20, async (informer) => {
      let cuts = 0;
      const cutting = setInterval(() => {
        cuts += 1;
        proxy.cut();
      }, 70);
      try {
        for (let n = 0; n < 60; n += 1) {
          const made = await create(`vm-${n}`);
          const written = await store.patchStatus('VM', at(made), { phase: 'Ready' });
          if (n % 3 > 0) continue;
          await store.delete('VM', at(written));
          const leaving = await store.get('VM', keyOf(made));
          if (leaving) await store.patchFinalizers('VM', at(leaving), []);
          if (n % 2 === 0) await create(`vm-${n}`);
        }
      } finally {
        clearInterval(cutting);
      }
      assert.ok(cuts > 5, `${cuts} cuts`);
      await untilEqual(informer);
    });
  });

  test('a connection that went silent is given up, and nothing is missed', async () => {
    await watching(50, async (informer) => {
      proxy.freeze();
      await create('a');
      await delay(100);
      assert.equal(informer.list(), []);
      proxy.thaw();
      await untilEqual(informer);
    });
  });

  test('after compaction (410) what vanished meanwhile is told as gone', async () => {
    await watching(20, async (informer) => {
      const a = await create('a');
      await create('b');
      await untilEqual(informer);
      const gone: string[] = [];
      informer.onChange(({ before, after }) => after === undefined && before && gone.push(before.metadata.name));
      proxy.freeze();
      proxy.cut();
      const bare = await store.patchFinalizers('VM', at(a), []);
      await store.delete('VM', at(bare));
      await create('c');
      await kube.kill();
      await kube.compact();
      await kube.restart();
      proxy.cut();
      proxy.thaw();
      await untilEqual(informer);
      assert.equal(gone, ['a']);
    });
  });

  test('writes fail while the API server is dead, and both watch and writes go on when it is back', async () => {
    await watching(20, async (informer) => {
      const made = await create('a');
      await untilEqual(informer);
      await kube.kill();
      assert.is(await store.patchStatus('VM', at(made), { phase: 'Ready' }).then(() => 'written', errorCode), 'unavailable');
      assert.not.ok(informer.dead);
      await kube.restart();
      await store.patchStatus('VM', at(made), { phase: 'Ready' });
      await create('b');
      await untilEqual(informer);
      assert.is(informer.get({ namespace: 'default', name: 'a' })?.status?.phase, 'Ready');
    });
  });

  test.after(async () => {
    await proxy.close();
    await direct.close();
    await kube.close();
  });
  test.run();
}
