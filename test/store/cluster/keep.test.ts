// A text of the installation's own in a Secret, on an API server in this process.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keepInSecret } from '../../../controller/store/cluster/keep.ts';
import { startApiServer } from '../../fakes/api-server.ts';

const test = suite('cluster: what is kept');

test('is made once, whoever asks and however many at once', async () => {
  const server = await startApiServer();
  try {
    const keep = keepInSecret(server.api, 'berth-system');
    let made = 0;
    const make = () => `text-${++made}`;
    const [first, second] = await Promise.all([keep(make), keep(make)]);
    assert.is(first, second);
    assert.is(await keepInSecret(server.api, 'berth-system')(make), first);
    const sent = server.asked.filter(({ method }) => method === 'POST');
    assert.ok(sent.length >= 1 && sent.length <= 2);
    assert.not.match(JSON.stringify(sent.map(({ body }) => body)), 'text-');
  } finally {
    await server.close();
  }
});

test('is asked back where it lost its key', async () => {
  const server = await startApiServer();
  try {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'berth-system', name: 'berth-installation' }, data: {} };
    await server.api.send({ doing: 'create it', method: 'POST', path: '/api/v1/namespaces/berth-system/secrets', body: secret });
    const refused = await keepInSecret(server.api, 'berth-system')(() => 'x').catch((error: unknown) => String(error));
    assert.match(refused, 'berth-system/berth-installation has no key secret');
  } finally {
    await server.close();
  }
});

test('is not told where the server refuses', async () => {
  const server = await startApiServer();
  try {
    const { api } = server;
    const send = (async (request: { readonly method?: string }) => {
      if (request.method === 'POST') throw new Error('forbidden');
      return api.send(request as never);
    }) as typeof api.send;
    const refused = await keepInSecret({ ...api, send }, 'berth-system')(() => 'x').catch((error: unknown) => String(error));
    assert.match(refused, 'forbidden');
  } finally {
    await server.close();
  }
});

test.run();
