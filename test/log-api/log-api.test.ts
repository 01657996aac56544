// The log API as a server: who gets in, who may read, which bytes they get, how a follower ends, and a standby in between.

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { certificatesOf } from '../../controller/log-api/serving-secret.ts';
import { refused } from '../fakes/api-server.ts';
import { fastClock } from '../fakes/fast-clock.ts';
import { type LogApiWorld, NO_CERTIFICATE, openLogApiWorld } from '../fakes/log-api-world.ts';
import { until } from '../fakes/until.ts';

const test = suite('log API');
let world: LogApiWorld;
test.before.each(async () => {
  world = await openLogApiWorld();
});
test.after.each(() => world.close());

const PATH = '/apis/output.berth.dev/v1alpha1/namespaces/default/sessions';
const write = async (name: string, content: string) => {
  const session = await world.session(name);
  const log = { namespace: 'default', name, uid: session.metadata.uid, attempt: 1 };
  await world.logs.append(log, 0, Buffer.from(content));
  return log;
};
const messageOf = (body: string): string => (JSON.parse(body) as { readonly message: string }).message;

test('a user whom the API server speaks for, and RBAC lets read, gets the bytes as they are', async () => {
  const replica = await world.start();
  const content = 'one\r\n\u001b[1mtwo\u001b[0m\nno end';
  await write('s', content);
  const { status, headers, body } = await world.get(replica, `${PATH}/s/log`);
  assert.equal([status, headers['content-type'], headers['berth-log-size']], [200, 'text/plain', String(content.length)]);
  assert.is(body, content);
  const resourceAttributes = {
    group: 'output.berth.dev',
    version: 'v1alpha1',
    resource: 'sessions',
    subresource: 'log',
    verb: 'get',
    namespace: 'default',
    name: 's',
  };
  const user = { user: 'alice', groups: ['devs', 'system:authenticated'], extra: { 'example.com/team': ['a'] }, resourceAttributes };
  assert.equal(world.cluster.reviews, [user]);
});

test('a user may be in more groups than fit into usual headers', async () => {
  const replica = await world.start();
  await write('s', 'x');
  const groups = Array.from({ length: 1000 }, (_, n) => `00000000-0000-0000-0000-00000000${n}`);
  const { status } = await world.get(replica, `${PATH}/s/log`, { headers: { 'x-remote-user': 'alice', 'x-remote-group': groups } });
  assert.is(status, 200);
  assert.equal((world.cluster.reviews[0] as { readonly groups: readonly string[] }).groups, groups);
});

test('a range is from an offset, without what was read already, and up to a limit', async () => {
  const replica = await world.start();
  const log = await write('s', 'hello\n');
  await world.logs.skip(log, 1000);
  await world.logs.append(log, 1000, Buffer.from('world\n'));
  const read = async (query: string) => (await world.get(replica, `${PATH}/s/log?${query}`)).body;
  assert.is(await read('offset=3'), 'lo\nworld\n');
  assert.is(await read('offset=500'), 'world\n');
  assert.is(await read('offset=3&skip=4'), 'orld\n', 'what was lost in between is nobody’s to skip');
  assert.is(await read('offset=3&skip=99'), '');
  assert.is(await read('offset=3&limit=5'), 'lo\nwo');
  assert.is(await read('skip=2&limit=3'), 'llo');
  assert.is(await read('limit=0'), '');
  assert.is(await read('offset=1006'), '');
  const past = await world.get(replica, `${PATH}/s/log?offset=1007`);
  assert.equal([past.status, messageOf(past.body)], [416, 'offset 1007 is past the end: the output of session s has 1006 bytes']);
});

test('nobody else gets in: each is told why, by a Status', async () => {
  const replica = await world.start();
  await write('s', 'secret');
  const cases = [
    [{ certificate: NO_CERTIFICATE }, 'Unauthorized: no client certificate: requests come through the API server'],
    [
      { certificate: await world.certificate('front-proxy-client', 'other') },
      'Unauthorized: the client certificate is not of the request-header CA',
    ],
    [
      { certificate: await world.certificate('kubelet') },
      `Unauthorized: the client certificate's name "kubelet" is not among those allowed`,
    ],
    [{ headers: {} }, 'Unauthorized: no user: none of the headers x-remote-user'],
  ] as const;
  for (const [sent, message] of cases) {
    const { status, headers, body } = await world.get(replica, `${PATH}/s/log`, sent);
    assert.equal([status, headers['content-type']], [401, 'application/json']);
    assert.equal(JSON.parse(body), {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason: 'Unauthorized',
      code: 401,
    });
  }
  assert.equal(world.cluster.reviews, [], 'and the cluster was not asked about any of them');
});

test('who may not read is told so in the API server’s words', async () => {
  const replica = await world.start();
  await write('s', 'secret');
  world.cluster.isAllowed = false;
  const { status, body } = await world.get(replica, `${PATH}/s/log`);
  const message =
    'sessions.output.berth.dev "s" is forbidden: User "alice" cannot get resource "sessions/log" in API group "output.berth.dev" in the namespace "default": no rule says so';
  const details = { group: 'output.berth.dev', kind: 'sessions', name: 's' };
  assert.is(status, 403);
  assert.equal(JSON.parse(body), {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: 'Forbidden',
    details,
    code: 403,
  });
  const missing = await world.get(replica, `${PATH}/nobody/log`);
  assert.is(missing.status, 403, 'which sessions there are is not told either');
});

test('what is not there, or makes no sense, is refused', async () => {
  const replica = await world.start();
  const get = async (path: string, method = 'GET') => {
    const { status, body } = await world.get(replica, path, { method });
    return [status, method === 'HEAD' ? '' : messageOf(body)];
  };
  assert.equal(await get(`${PATH}/nobody/log`), [404, 'sessions.berth.dev "nobody" not found']);
  assert.equal(await get(`${PATH}/s`), [404, 'the server could not find the requested resource']);
  assert.equal(await get(`${PATH}/s/log?offset=x`), [400, 'offset is "x", not a number of bytes']);
  assert.equal(await get(`${PATH}/s/log`, 'DELETE'), [405, 'only GET is answered']);
  assert.equal(await get('//'), [400, 'bad request']);
});

test('discovery is for whom the API server speaks for, and health for everybody', async () => {
  const replica = await world.start();
  const { status, body } = await world.get(replica, '/apis/output.berth.dev/v1alpha1');
  assert.equal([status, (JSON.parse(body) as { readonly kind: string }).kind], [200, 'APIResourceList']);
  assert.is((await world.get(replica, '/apis/output.berth.dev/v1alpha1', { certificate: NO_CERTIFICATE })).status, 401);
  assert.is((await world.get(replica, '/openapi/v2')).status, 404);
  assert.equal((await world.get(replica, '/healthz', { certificate: NO_CERTIFICATE, headers: {} })).body, 'ok');
});

test('a follower hears of bytes as they come, and ends with the session, its last byte included', async () => {
  const replica = await world.start();
  const log = await write('s', 'first\n');
  const answer = await world.open(replica, `${PATH}/s/log?follow=true&offset=2`);
  let heard = '';
  answer.setEncoding('utf8').on('data', (chunk: string) => {
    heard += chunk;
  });
  await until(() => heard === 'rst\n');
  await world.logs.append(log, 6, Buffer.from('second\n'));
  await until(() => heard.endsWith('second\n'));
  await world.logs.append(log, 13, Buffer.from('last\n'));
  await world.finish('s');
  await once(answer, 'end');
  assert.is(heard, 'rst\nsecond\nlast\n');
  assert.is((await world.get(replica, `${PATH}/s/log?follow=true`)).body, 'first\nsecond\nlast\n');
});

test('a follower of a silent session is answered at once, and ends when the session is deleted', async () => {
  const replica = await world.start();
  await world.session('s');
  const answer = await world.open(replica, `${PATH}/s/log?follow=true`);
  assert.equal([answer.statusCode, answer.headers['berth-log-size']], [200, '0']);
  await world.remove('s');
  assert.is(await text(answer), '');
});

test('a slow reader slows the reading, and nothing piles up', async () => {
  const replica = await world.start();
  const log = await write('s', '');
  const block = Buffer.alloc(1 << 20, 'x');
  for (let n = 0; n < 64; n += 1) await world.logs.append(log, n * block.length, block);
  const before = process.memoryUsage().rss;
  const answer = await world.open(replica, `${PATH}/s/log`);
  await once(answer, 'readable');
  let most = 0;
  for (let n = 0; n < 20; n += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, process.memoryUsage().rss - before);
  }
  assert.ok(most < 48 << 20, `${most >> 20} MiB`);
  let bytes = 0;
  for await (const chunk of answer) bytes += (chunk as Buffer).length;
  assert.is(bytes, 64 << 20);
});

test('a standby asks the user’s questions itself, and passes on the leader’s answer as it comes', async () => {
  const leader = await world.start();
  const standby = await world.start({ leader: () => leader.port });
  const log = await write('s', 'first\n');
  world.cluster.reviews.length = 0;
  const answer = await world.open(standby, `${PATH}/s/log?follow=true`);
  assert.equal([answer.statusCode, answer.headers['berth-log-size']], [200, '6']);
  let heard = '';
  answer.setEncoding('utf8').on('data', (chunk: string) => {
    heard += chunk;
  });
  await until(() => heard === 'first\n');
  await world.logs.append(log, 6, Buffer.from('last\n'));
  await world.finish('s');
  await once(answer, 'end');
  assert.is(heard, 'first\nlast\n');
  assert.is(world.cluster.reviews.length, 1, 'asked once, by the one that the user came to');
  assert.is((await world.get(standby, `${PATH}/s/log?offset=99`)).status, 416, 'refusals come through too');
  world.cluster.isAllowed = false;
  assert.is((await world.get(standby, `${PATH}/s/log`)).status, 403);
});

test('a request is passed on to the leader, whatever host its path names', async () => {
  const leader = await world.start();
  const standby = await world.start({ leader: () => leader.port });
  await write('s', 'content');
  assert.is((await world.get(standby, `//127.0.0.1:1${PATH}/s/log?offset=3`)).body, 'tent');
});

test('without a leader that can be reached, a standby says so, and never sends a request round', async () => {
  let leader: number | undefined;
  const standby = await world.start({ leader: () => leader });
  await write('s', 'x');
  const get = async () => {
    const { status, headers, body } = await world.get(standby, `${PATH}/s/log`);
    return [status, headers['retry-after'], messageOf(body)] as const;
  };
  assert.equal(await get(), [503, '1', 'no controller leads at the moment: nobody has the output']);
  leader = standby.port;
  assert.equal(await get(), [503, '1', 'no controller leads at the moment: nobody has the output'], 'itself is no leader');
  leader = 1;
  assert.match((await get())[2], /^the leading controller at 127\.0\.0\.1:1 cannot be reached: connect ECONNREFUSED/);
});

test('a leader that goes cuts a follower off, so that nobody takes it for the end', async () => {
  const leader = await world.start();
  const standby = await world.start({ leader: () => leader.port });
  await write('s', 'first\n');
  const cuts = [];
  for (const replica of [leader, standby]) {
    const answer = await world.open(replica, `${PATH}/s/log?follow=true`);
    await once(answer, 'data');
    cuts.push(
      once(answer.resume(), 'end').then(
        () => 'end',
        (error: Error) => error.message,
      ),
    );
  }
  await leader.close();
  assert.equal(await Promise.all(cuts), ['aborted', 'aborted']);
});

test('what the cluster changes about whom to believe is taken up while it runs', async () => {
  const replica = await world.start({ clock: fastClock(100) });
  await write('s', 'x');
  const next = await world.certificate('front-proxy-client', 'other');
  assert.is((await world.get(replica, `${PATH}/s/log`, { certificate: next })).status, 401);
  world.data['requestheader-client-ca-file'] = next.ca;
  await until(async () => (await world.get(replica, `${PATH}/s/log`, { certificate: next })).status === 200, 'the new authority', 10_000);
  assert.is((await world.get(replica, `${PATH}/s/log`)).status, 401, 'the old one is believed no more');
});

test('the APIService is told of the authority, and only when it does not know', async () => {
  await world.start({ clock: fastClock(1000) });
  const authority = () => certificatesOf(Buffer.from(world.cluster.caBundle ?? '', 'base64').toString());
  assert.is(authority().length, 1);
  const patches = () => world.server.asked.filter(({ method, path }) => method === 'PATCH' && path.includes('apiservices')).length;
  const reads = () => world.server.asked.filter(({ path }) => path.includes('apiservices')).length;
  const before = reads();
  await until(() => reads() > before + 2, 'more looks');
  assert.is(patches(), 1);
});

test('a cluster without an APIService gets one that works as soon as it comes', async () => {
  world.cluster.hasApiService = false;
  await world.start({ clock: fastClock(1000) });
  assert.is(world.cluster.caBundle, undefined);
  world.cluster.hasApiService = true;
  await until(() => world.cluster.caBundle !== undefined);
});

test('a mounted certificate is served as it is, and read again when it changes', async () => {
  const mount = async (name: string) => {
    const { cert, key, ca } = await world.certificate(`${name}.ns.svc`);
    for (const [file, text] of Object.entries({ 'ca.crt': ca, 'tls.crt': cert, 'tls.key': key }))
      writeFileSync(join(world.folder, file), text);
  };
  await mount('one');
  const asked = world.server.asked.length;
  const leader = await world.start({ certificates: world.folder, clock: fastClock(1000) });
  const standby = await world.start({ certificates: world.folder, clock: fastClock(1000), leader: () => leader.port });
  await write('s', 'content');
  assert.is((await world.get(standby, `${PATH}/s/log`)).body, 'content');
  assert.not.ok(
    world.server.asked.slice(asked).some(({ path }) => /secrets|apiservices/.test(path)),
    'no rights on either are needed',
  );
  const served = async () => {
    const answer = await world.open(leader, '/healthz');
    const { subject } = (answer.socket as import('node:tls').TLSSocket).getPeerCertificate();
    answer.resume();
    return subject.CN;
  };
  assert.is(await served(), 'one.ns.svc');
  await mount('two');
  await until(async () => (await served()) === 'two.ns.svc', 'the new certificate', 10_000);
  await until(async () => (await world.get(standby, `${PATH}/s/log`)).body === 'content', 'replicas that know each other', 10_000);
});

test('what cannot be known yet is told, once a reason, and mends itself', async () => {
  const usual = world.server.fault;
  world.server.fault = (asked) => (asked.path.includes('configmaps') ? refused(403, 'Forbidden') : usual(asked));
  const starting = world.start({ clock: fastClock(100) });
  const warnings = () => world.log.lines.filter(({ msg }) => msg === 'Could not refresh the credentials of the log API');
  await until(() => world.server.asked.filter(({ path }) => path.includes('configmaps')).length > 3);
  assert.is(warnings().length, 1);
  assert.match(String(warnings()[0]?.error), 'cannot read configmap kube-system/extension-apiserver-authentication: Forbidden it is');
  world.server.fault = usual;
  await starting;
});

test('a cluster that cannot be asked is no reason to let anybody in', async () => {
  const replica = await world.start();
  await write('s', 'secret');
  const usual = world.server.fault;
  for (const [code, logged] of [
    [500, 0],
    [403, 1],
  ] as const) {
    world.server.fault = (asked) => (asked.path.endsWith('/subjectaccessreviews') ? refused(code, 'No') : usual(asked));
    const { status, body } = await world.get(replica, `${PATH}/s/log`);
    assert.is(status, 503);
    assert.match(messageOf(body), 'cannot ask whether alice may read the output of session default/s: No it is');
    assert.is(world.log.lines.filter(({ level }) => level === 'error').length, logged);
  }
});

test('a port that is taken is said at once', async () => {
  const replica = await world.start();
  await world.start({ port: replica.port }).then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, `cannot serve the log API on 127.0.0.1:${replica.port}: listen EADDRINUSE`),
  );
});

test.run();
