// The cluster store keeps the contract of stores, on a real API server.
import { systemClock } from '../../controller/runtime/clock.ts';
import { createSecrets } from '../../controller/store/cluster/secrets.ts';
import { createClusterStore } from '../../controller/store/cluster/store.ts';
import { testStore } from '../contracts/store.ts';
import { kubeAssets } from '../fakes/kube/assets.ts';
import { closeAll, installCRDs, openApi, wipe } from '../fakes/kube/cluster.ts';
import { startKube } from '../fakes/kube/start.ts';
import { skip } from '../runner/skip.ts';

const assets = kubeAssets('the store contract on a real API server');
if (assets) {
  const kube = await startKube(assets);
  await installCRDs(kube);
  const api = await openApi(kube);
  const hasSecrets = kube.variant !== 'crd';
  if (!hasSecrets) skip('secrets', 'the CRD server has none');
  testStore(
    `cluster (${kube.variant})`,
    async () => {
      await wipe(api);
      const store = createClusterStore({ api, clock: systemClock, random: Math.random, record: () => undefined });
      return { store, setSecret: createSecrets(api, undefined).setSecret, close: async () => undefined };
    },
    { secrets: hasSecrets, end: () => closeAll(api, kube) },
  );
}
