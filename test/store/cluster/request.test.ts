import { Agent } from 'undici';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Clock } from '../../../controller/api/clock.ts';
import { type ErrorCode, errorCode, errorMessage, OperatorError } from '../../../controller/api/error.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { readPages } from '../../../controller/store/cluster/read.ts';
import { createApi, wait } from '../../../controller/store/cluster/request.ts';
import { type FakeApiServer, refused, startApiServer } from '../../fakes/api-server.ts';
import { fastClock } from '../../fakes/fast-clock.ts';

const test = suite('requests to the API server');
const ask = { doing: 'read it', path: '/apis/berth.dev/v1alpha1/vms' };

const inWorld = (body: (server: FakeApiServer) => Promise<void>) => async (): Promise<void> => {
  const server = await startApiServer({ clock: fastClock(200) });
  try {
    await body(server);
  } finally {
    await server.close();
  }
};
const failure = (server: FakeApiServer, signal?: AbortSignal): Promise<unknown> =>
  server.api.send({ ...ask, ...(signal ? { signal } : {}) }).then(
    () => undefined,
    (error: unknown) => error,
  );

const codes: readonly (readonly [status: number, code: ErrorCode])[] = [
  [400, 'invalid'],
  [403, 'denied'],
  [404, 'unavailable'],
  [409, 'conflict'],
  [410, 'unavailable'],
  [422, 'invalid'],
  [500, 'unavailable'],
];
for (const [status, code] of codes) {
  test(
    `${status} is ${code}, in the server's words`,
    inWorld(async (server) => {
      server.fault = () => refused(status, 'Reason');
      const error = await failure(server);
      assert.equal([errorCode(error), errorMessage(error)], [code, 'cannot read it: Reason it is']);
    }),
  );
}

test(
  '429 and 503 are waited for as long as they ask, a few times',
  inWorld(async (server) => {
    let times = 0;
    server.fault = () => (times++ < 3 ? { status: times === 1 ? 503 : 429, headers: { 'retry-after': '1' } } : undefined);
    assert.is(await failure(server), undefined);
    assert.is(times, 4);
    server.fault = () => ({ status: 429, headers: { 'retry-after': '1' } });
    const asked = server.asked.length;
    const error = await failure(server);
    assert.is(server.asked.length - asked, 5);
    assert.ok(error instanceof OperatorError && error.retryAfterMs === 1000);
  }),
);

test(
  'whoever asks for much more patience is left to the back-off of the caller',
  inWorld(async (server) => {
    server.fault = () => refused(503, 'Later', { details: { retryAfterSeconds: 60 } });
    const error = await failure(server);
    assert.ok(error instanceof OperatorError && error.retryAfterMs === 60_000);
    assert.is(server.asked.length, 1);
  }),
);

test(
  'a signal ends the waiting',
  inWorld(async (server) => {
    const abort = new AbortController();
    server.fault = () => {
      setTimeout(() => abort.abort(), 1);
      return { status: 429, headers: { 'retry-after': '4' } };
    };
    assert.is(errorCode(await failure(server, abort.signal)), 'unavailable');
    assert.is(server.asked.length, 1);
    await wait(fastClock(1), 60_000, abort.signal);
  }),
);

test('every answer, and every request without one, is counted', async () => {
  const counted: string[] = [];
  const server = await startApiServer({ onAnswer: (method, code, seconds) => counted.push(`${method} ${code} ${seconds >= 0}`) });
  assert.is(await failure(server), undefined);
  server.fault = () => 'drop';
  await failure(server);
  assert.equal(counted, ['GET 200 true', 'GET <error> true']);
  await server.close();
});

test(
  'a token that has expired is asked for anew, once',
  inWorld(async (server) => {
    server.tokens.current = 'two';
    assert.is(await failure(server), undefined);
    server.fault = () => refused(401, 'Unauthorized');
    assert.is(errorCode(await failure(server)), 'denied');
  }),
);

test(
  'what is no answer of an API server is unavailable, and says what it was',
  inWorld(async (server) => {
    server.fault = () => ({ status: 502, body: '<html>Bad gateway</html>' });
    assert.match(errorMessage(await failure(server)), /^cannot read it: <html>Bad gateway/);
    server.fault = () => ({ status: 200, body: 'no JSON' });
    assert.is(errorCode(await failure(server)), 'unavailable');
    server.fault = () => 'drop';
    const error = await failure(server);
    assert.is(errorCode(error), 'unavailable');
    assert.match(errorMessage(error), /the API server http:\S+ cannot be reached/);
    server.fault = () => ({ status: 500, body: '' });
    assert.match(errorMessage(await failure(server)), /the API server answered 500/);
  }),
);

test('a signal that comes while the server is waited for leaves its refusal as the answer', async () => {
  const abort = new AbortController();
  const clock: Clock = {
    ...systemClock,
    after: () => {
      queueMicrotask(() => abort.abort());
      return () => undefined;
    },
  };
  const server = await startApiServer({ clock });
  server.fault = () => ({ status: 429, body: 'null' });
  assert.match(errorMessage(await failure(server, abort.signal)), 'cannot read it: the API server answered 429');
  assert.is(server.asked.length, 1);
  await server.close();
});

test('what failed on every address, or without a word, is still told', async () => {
  const reasons: readonly (readonly [cause: Error, told: string])[] = [
    [new AggregateError([new Error('not by v6'), new Error('not by v4')]), 'not by v6; not by v4'],
    [new Error(''), 'the connection failed'],
  ];
  for (const [cause, told] of reasons) {
    const dispatcher = new Agent({ connect: (_options, callback) => callback(cause, null) });
    const credentials = async () => ({ headers: {}, dispatcher });
    const connection = { server: 'http://api.example', namespace: undefined, credentials, close: () => dispatcher.destroy() };
    const api = createApi(connection, { clock: systemClock, random: () => 0 });
    await api.send(ask).then(
      () => assert.unreachable(),
      (error) => assert.is(errorMessage(error), `cannot read it: the API server http://api.example cannot be reached: ${told}`),
    );
    await api.close();
  }
});

test(
  'pages that expired on the way are read anew',
  inWorld(async (server) => {
    let expired = false;
    server.fault = ({ query }) => {
      if (query.get('continue') === null) return { status: 200, body: { metadata: { continue: '1' }, items: [1] } };
      if (!expired) {
        expired = true;
        return refused(410, 'Expired');
      }
      return { status: 200, body: { metadata: {}, items: [2] } };
    };
    assert.equal(await readPages(server.api, ask), [1, 2]);
  }),
);

test.run();
