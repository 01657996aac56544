// The cluster store keeps the contract of stores, on an API server in this process (test/cluster has a real one).
import { systemClock } from '../../../controller/runtime/clock.ts';
import { createSecrets } from '../../../controller/store/cluster/secrets.ts';
import { createClusterStore } from '../../../controller/store/cluster/store.ts';
import { testStore } from '../../contracts/store.ts';
import { startApiServer } from '../../fakes/api-server.ts';

for (const streams of [true, false]) {
  testStore(`cluster, ${streams ? 'what exists is streamed' : 'what exists is listed'}`, async () => {
    const server = await startApiServer();
    server.streams = streams;
    const store = createClusterStore({ api: server.api, clock: systemClock, random: Math.random, record: () => undefined });
    return { store, setSecret: createSecrets(server.api, undefined).setSecret, close: server.close };
  });
}
