import { request } from 'node:http';
import { connect } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createHealth } from '../../controller/runtime/health.ts';
import { createMetrics } from '../../controller/runtime/metrics.ts';
import { healthRoutes, metricsRoutes, type Route, startServer } from '../../controller/server/server.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createMemoryLog } from '../fakes/logger.ts';

const test = suite('server');

const open = async (routes: Readonly<Record<string, Route>>, host?: string) => {
  const log = createMemoryLog();
  const clock = createFakeClock();
  const server = await startServer({ port: 0, clock, log, routes, ...(host === undefined ? {} : { host }) });
  return { ...server, log, clock };
};

test('answers /healthz, /readyz and /metrics on the loopback', async () => {
  let problem: string | undefined = 'sessions are not read yet';
  const health = createHealth({ clock: createFakeClock(), log: createMemoryLog(), ready: { caches: () => problem } });
  const metrics = createMetrics();
  metrics.controller('session', 1);
  const { url, close } = await open({ ...healthRoutes(health), ...metricsRoutes(metrics) });
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);

  const alive = await fetch(`${url}/healthz?verbose`);
  assert.is(alive.status, 200);
  assert.is(await alive.text(), '[+]eventLoop ok\nok\n');
  const waiting = await fetch(`${url}/readyz`);
  assert.is(waiting.status, 503);
  assert.is(await waiting.text(), '[-]caches failed: sessions are not read yet\nfailed\n');
  problem = undefined;
  assert.is((await fetch(`${url}/readyz`)).status, 200);
  const scraped = await fetch(`${url}/metrics`);
  assert.match(scraped.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  assert.match(await scraped.text(), /controller_runtime_reconcile_total/);
  await close();
});

test('answers what it does not know, does not do, or fails at, and stays up', async () => {
  const broken = new Error('no such cache');
  const { url, log, close } = await open({
    '/ok': () => ({ status: 200, type: 'text/plain', body: 'fine' }),
    '/broken': () => {
      throw broken;
    },
  });
  assert.is((await fetch(`${url}/other`)).status, 404);
  assert.is((await fetch(`${url}/toString`)).status, 404);
  assert.is((await fetch(`${url}/ok`, { method: 'POST', body: 'x' })).status, 405);
  const head = await fetch(`${url}/ok`, { method: 'HEAD' });
  assert.equal([head.status, head.headers.get('content-length'), await head.text()], [200, '4', '']);
  const failed = await fetch(`${url}/broken`);
  assert.equal([failed.status, await failed.text()], [500, 'internal error\n']);
  assert.equal(log.lines, [{ level: 'error', msg: 'Failed to answer a request', path: '/broken', error: broken }]);
  assert.is(await statusOf(url, '//['), 400);
  await close();
});

test('says which address it cannot have', async () => {
  const first = await open({});
  const port = Number(new URL(first.url).port);
  const failure = await startServer({ port, clock: createFakeClock(), log: createMemoryLog(), routes: {} }).catch(
    (error: unknown) => error,
  );
  assert.match(String(failure), new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: .*EADDRINUSE`));
  await first.close();
});

test('on close lets a running answer end, and waits for no client that does not read', async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const { url, clock, close } = await open({
    '/slow': async () => {
      asked.resolve();
      await answer.promise;
      return { status: 200, type: 'text/plain', body: 'done' };
    },
  });
  const reply = fetch(`${url}/slow`);
  await asked.promise;
  const closed = close();
  answer.resolve();
  assert.is(await (await reply).text(), 'done');
  await closed;
  assert.is(clock.pending, 0);

  const reached = Promise.withResolvers<void>();
  const stuck = await open({
    '/never': () => {
      reached.resolve();
      return new Promise(() => undefined);
    },
  });
  const socket = connect(Number(new URL(stuck.url).port), '127.0.0.1', () => socket.write('GET /never HTTP/1.1\r\nHost: x\r\n\r\n'));
  const cut = new Promise((resolve) => socket.on('error', () => undefined).on('close', resolve));
  await reached.promise;
  const ended = stuck.close();
  await stuck.clock.advance(5_000);
  await ended;
  await cut;
});

/** Asks for a path exactly as given, which fetch would mend. */
const statusOf = (url: string, path: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    request(url, { path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });

test.run();
