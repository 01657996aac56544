// The client of commands, on an API server in this process.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errorCode, errorMessage } from '../../../controller/api/error.ts';
import type { Session } from '../../../controller/api/types.generated.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import type { Client } from '../../../controller/store/client.ts';
import { createClusterClient } from '../../../controller/store/cluster/client.ts';
import { type FakeApiServer, refused, startApiServer } from '../../fakes/api-server.ts';

const test = suite('cluster client');
const session = (name: string, spec: object = { prompt: 'p' }, more: object = {}): object => ({
  apiVersion: 'berth.dev/v1alpha1',
  kind: 'Session',
  metadata: { name, ...more },
  spec,
});
const from = (document: unknown) => ({ document, origin: 'a.yaml:1:1' });

const inWorld = (body: (client: Client, server: FakeApiServer) => Promise<void>, scope?: string) => async (): Promise<void> => {
  const server = await startApiServer();
  const { api } = server;
  const options = { api, clock: systemClock, random: Math.random, namespace: 'team', scope, leaseNamespace: 'berth-system' };
  try {
    await body(createClusterClient(options), server);
  } finally {
    await server.close();
  }
};
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => error,
  );
const present = async (client: Client, name: string): Promise<Session> => {
  const object = await client.get('Session', { namespace: 'team', name });
  if (object === undefined) throw new Error(`no session ${name}`);
  return object;
};

test(
  'applies in the namespace of the context, says what changed, and never sends a status',
  inWorld(async (client, server) => {
    const [made] = await client.apply([from({ ...session('a'), status: { phase: 'Completed' } })]);
    assert.equal(made, { kind: 'Session', key: { namespace: 'team', name: 'a' }, change: 'created' });
    const sent = server.asked.find(({ method }) => method === 'PATCH');
    assert.equal([sent?.query.get('fieldManager'), sent?.query.get('fieldValidation')], ['berth-cli', 'Strict']);
    assert.not.ok(JSON.stringify(sent?.body).includes('Completed'));
    assert.is((await client.apply([from(session('a'))]))[0]?.change, 'unchanged');
    assert.is((await client.apply([from(session('a', { prompt: 'other' }))]))[0]?.change, 'configured');
    assert.is((await client.apply([from(session('a', { prompt: 'p' }, { namespace: 'other' }))]))[0]?.key.namespace, 'other');
  }),
);

test(
  'refusals name where the manifest is',
  inWorld(async (client, server) => {
    server.fault = ({ method }) => (method === 'PATCH' ? refused(422, 'Invalid') : undefined);
    const error = await failure(client.apply([from(session('a'))]));
    assert.equal([errorCode(error), errorMessage(error)], ['invalid', 'a.yaml:1:1: cannot apply Session team/a: Invalid it is']);
    assert.match(errorMessage(await failure(client.apply([from({ apiVersion: 'v1', kind: 'Pod' })]))), /v1 Pod is no resource of Berth's/);
    assert.match(errorMessage(await failure(client.apply([from({ ...session('x'), metadata: {} })]))), /metadata.name: Required/);
  }),
);

test(
  'verbs patch the spec, and nobody loses an input to another',
  inWorld(async (client, server) => {
    await client.apply([from(session('a', { prompt: 'p', input: [{ id: 'one', text: '1' }] }))]);
    await client.patchSpec('Session', { namespace: 'team', name: 'a' }, { shutdown: 'Graceful' });
    assert.is((await present(client, 'a')).spec.shutdown, 'Graceful');
    const { resourceVersion } = (await present(client, 'a')).metadata;
    let conflicts = 0;
    server.fault = ({ method }) => (method === 'PATCH' && conflicts++ < 2 ? refused(409, 'Conflict') : undefined);
    await client.patchSpec('Session', { namespace: 'team', name: 'a' }, { input: [{ id: 'two', text: '2' }] });
    const after = await present(client, 'a');
    assert.equal(
      after.spec.input?.map(({ id }) => id),
      ['one', 'two'],
    );
    assert.is.not(after.metadata.resourceVersion, resourceVersion);
    server.fault = () => refused(409, 'Conflict');
    assert.is(
      errorCode(await failure(client.patchSpec('Session', { namespace: 'team', name: 'a' }, { shutdown: 'Immediate' }))),
      'conflict',
    );
  }),
);

test(
  'deletes, and stops what runs in a pool that is to go now',
  inWorld(async (client) => {
    const pool = { apiVersion: 'berth.dev/v1alpha1', kind: 'VMPool', metadata: { name: 'p' }, spec: {} };
    await client.apply([from(pool), from(session('in', { poolRef: { name: 'p' } })), from(session('elsewhere'))]);
    await client.delete('VMPool', { namespace: 'team', name: 'p' }, { now: true });
    assert.is((await present(client, 'in')).spec.shutdown, 'Graceful');
    assert.is((await present(client, 'elsewhere')).spec.shutdown, undefined);
    assert.equal(await client.list('VMPool'), []);
    await client.delete('VMPool', { namespace: 'team', name: 'p' });
  }),
);

test(
  'secrets are set key by key, listed without values, and deleted',
  inWorld(async (client) => {
    const key = { namespace: 'team', name: 's' };
    await client.setSecret(key, { a: '1' });
    await client.setSecret(key, { b: '2' });
    assert.equal(await client.secrets(), [{ ...key, keys: ['a', 'b'] }]);
    assert.ok(await client.deleteSecret(key));
    assert.not.ok(await client.deleteSecret(key));
  }, 'team'),
);

test(
  'reads stay in the namespace asked for',
  inWorld(async (client, server) => {
    await client.apply([from(session('a')), from(session('b', { prompt: 'p' }, { namespace: 'other' }))]);
    assert.is((await client.list('Session')).length, 1);
    await client.events();
    assert.equal(await client.problems(), []);
    assert.is(await client.holder(), undefined);
    const namespaces = server.asked
      .filter(({ method, path }) => method === 'GET' && !path.includes('leases'))
      .map(({ path }) => path.split('/namespaces/')[1]);
    assert.ok(namespaces.every((path) => path !== undefined));
    assert.is(errorCode(await failure(client.confirmPrune())), 'invalid');
  }, 'team'),
);

test(
  'a watch without the right to it fails instead of waiting for ever',
  inWorld(async (client, server) => {
    server.fault = () => refused(403, 'Forbidden');
    const first = client.watch('Session', new AbortController().signal)[Symbol.asyncIterator]().next();
    assert.is(errorCode(await failure(first)), 'denied');
    server.fault = () => refused(404, 'NotFound');
    assert.is.not(await failure(client.watch('Session', new AbortController().signal)[Symbol.asyncIterator]().next()), 'no error');
  }),
);

test(
  'a cluster without our CRDs is told of',
  inWorld(async (client, server) => {
    server.fault = () => refused(404, 'NotFound');
    assert.match(errorMessage(await failure(client.list('Session'))), /has no Session objects: install Berth's CRDs there/);
    server.fault = () => refused(403, 'Forbidden');
    assert.is(errorCode(await failure(client.list('Session'))), 'denied');
  }),
);

test(
  'output is what the status shows, and goes on as it grows',
  inWorld(async (client, server) => {
    const path = '/apis/berth.dev/v1alpha1/namespaces/team/sessions/a/status';
    const write = (tail: string) =>
      server.api.send({
        doing: 'write',
        method: 'PATCH',
        path,
        type: 'application/merge-patch+json',
        body: { status: { output: { tail } } },
      });
    await client.apply([from(session('a'))]);
    const empty = client.log(await present(client, 'a'));
    assert.is(await empty.size(), 0);
    assert.match(empty.notice ?? '', /Only the end of the output/);
    assert.equal(await collect(empty.read(0)), '');
    await write('one\ntwo\n');
    const log = client.log(await present(client, 'a'));
    assert.is(await log.size(), 8);
    assert.is(await collect(log.read(4)), 'two\n');
    const abort = new AbortController();
    let seen = '';
    for await (const bytes of log.follow(4, abort.signal)) {
      seen += Buffer.from(bytes).toString();
      if (seen === 'two\n') await write('two\nthree\n');
      else if (seen === 'two\nthree\n') await write('far later\n');
      else abort.abort();
    }
    assert.is(seen, 'two\nthree\nfar later\n');
  }),
);

const collect = async (chunks: AsyncIterable<Uint8Array>): Promise<string> => {
  let text = '';
  for await (const chunk of chunks) text += Buffer.from(chunk).toString();
  return text;
};

test.run();
