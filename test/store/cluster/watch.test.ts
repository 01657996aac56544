// The watch against what servers, and what lies between, do to it.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Clock } from '../../../controller/api/clock.ts';
import { API_VERSION } from '../../../controller/api/object.ts';
import { collectionPath } from '../../../controller/store/cluster/resources.ts';
import { listWatch } from '../../../controller/store/cluster/watch.ts';
import type { Change } from '../../../controller/store/store.ts';
import { type FakeApiServer, refused, startApiServer } from '../../fakes/api-server.ts';
import { fastClock } from '../../fakes/fast-clock.ts';
import { until } from '../../fakes/until.ts';

const test = suite('cluster watch');
const VMS = collectionPath('VM', 'default');

interface World {
  readonly server: FakeApiServer;
  readonly errors: string[];
  make(name: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** The next change, as `put a`, `gone a`, `synced`. */
  next(): Promise<string>;
}

const inWorld =
  (
    body: (world: World) => Promise<void>,
    clock: Clock = fastClock(200),
    arrange: (server: FakeApiServer) => Promise<void> | void = () => undefined,
  ) =>
  async (): Promise<void> => {
    const server = await startApiServer();
    await arrange(server);
    const abort = new AbortController();
    const errors: string[] = [];
    const onError = (error: unknown): void => void errors.push(String(error));
    const changes = listWatch('VM', { api: server.api, clock, random: () => 0, onError }, abort.signal);
    const world = {
      server,
      errors,
      make: (name: string) => make(server, name),
      remove: async (name: string) => void (await server.api.send({ doing: 'delete', method: 'DELETE', path: `${VMS}/${name}` })),
      next: async () => text((await changes.next()).value),
    };
    try {
      await body(world);
    } finally {
      abort.abort();
      await changes.return(undefined);
      await server.close();
    }
  };

const make = async ({ api }: FakeApiServer, name: string): Promise<void> => {
  await api.send({
    doing: 'create',
    method: 'POST',
    path: VMS,
    body: { apiVersion: API_VERSION, kind: 'VM', metadata: { name }, spec: {} },
  });
};

const text = (change: Change<'VM'> | undefined): string => {
  if (change?.type === 'put') return `put ${change.object.metadata.name}`;
  return change?.type === 'gone' ? `gone ${change.key.name}` : (change?.type ?? 'end');
};

for (const how of ['end', 'cut'] as const) {
  test(
    `nothing is missed when the server ${how === 'end' ? 'ends' : 'cuts off'} the connection`,
    inWorld(async ({ server, make, next, remove }) => {
      await make('a');
      assert.equal([await next(), await next()], ['put a', 'synced']);
      for (const name of ['b', 'c', 'd']) {
        server.endWatches(how);
        await make(name);
        assert.is(await next(), `put ${name}`);
      }
      server.endWatches(how);
      await remove('a');
      assert.is(await next(), 'gone a');
    }),
  );
}

const expiries: Readonly<Record<string, (server: FakeApiServer) => void>> = {
  'an answer 410': (server) => {
    server.forget();
    server.endWatches('end');
  },
  'an event of code 410': (server) => {
    server.tell({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } });
  },
  'connections that just end, again and again': (server) => {
    const { fault } = server;
    let ended = 0;
    server.fault = (asked) => {
      const isPlain = asked.query.get('watch') === 'true' && asked.query.get('sendInitialEvents') === null;
      if (!isPlain) server.fault = ended < 4 ? server.fault : fault;
      if (isPlain) ended += 1;
      return isPlain ? { status: 200, body: '' } : undefined;
    };
    server.endWatches('end');
  },
};
for (const [form, expire] of Object.entries(expiries)) {
  test(
    `lists again after ${form}, and tells what went meanwhile as gone`,
    inWorld(async ({ server, make, next }) => {
      await make('a');
      await make('b');
      assert.equal([await next(), await next(), await next()], ['put a', 'put b', 'synced']);
      server.vanish(`${VMS}/a`);
      expire(server);
      assert.equal([await next(), await next()], ['put b', 'gone a']);
      await make('c');
      assert.is(await next(), 'put c');
    }),
  );
}

test(
  'a name used again while nobody looked is told as the end of the one and the beginning of the other',
  inWorld(async ({ server, make, next }) => {
    await make('a');
    assert.equal([await next(), await next()], ['put a', 'synced']);
    server.vanish(`${VMS}/a`);
    server.forget();
    server.endWatches('cut');
    await make('a');
    assert.equal([await next(), await next()], ['gone a', 'put a']);
  }),
);

test(
  'pages a list where what exists cannot be streamed, and says which errors it met',
  inWorld(
    async ({ server, next, errors, make }) => {
      const names = new Set<string>();
      for (let name = await next(); name !== 'synced'; name = await next()) names.add(name);
      assert.is(names.size, 600);
      assert.is(server.asked.filter(({ query }) => query.get('continue') === '500').length, 2);
      await make('last');
      assert.is(await next(), 'put last');
      assert.match(errors.join(), /list VM objects: Gone wrong/);
    },
    fastClock(200),
    async (server) => {
      server.streams = false;
      for (let n = 0; n < 600; n += 1) await make(server, `vm-${n}`);
      let failed = false;
      server.fault = ({ query }) => {
        if (query.get('continue') === null || failed) return undefined;
        failed = true;
        return { status: 500, body: 'Gone wrong' };
      };
    },
  ),
);

test(
  'a stream that begins with an error is a refusal too: old etcd',
  inWorld(
    async ({ server, next, make }) => {
      assert.is(await next(), 'synced');
      await make('a');
      assert.is(await next(), 'put a');
      assert.is(server.asked.filter(({ query }) => query.get('limit') === '500').length, 1);
    },
    fastClock(200),
    (server) => {
      server.fault = ({ query }) =>
        query.get('sendInitialEvents') ? { status: 200, body: '{"type":"ERROR","object":{"code":500,"message":"disabled"}}\n' } : undefined;
    },
  ),
);

test(
  'a connection on which nothing is heard is given up',
  inWorld(async ({ server, next, make, errors }) => {
    assert.is(await next(), 'synced');
    server.fault = ({ query }) => (query.get('watch') ? 'hang' : undefined);
    server.endWatches('cut');
    await make('a');
    const change = next();
    await until(() => errors.some((error) => /nothing was heard for 70 s/.test(error)));
    server.fault = () => undefined;
    assert.is(await change, 'put a');
  }, fastClock(500)),
);

test(
  'waits as long as a server asks that has too much to do',
  inWorld(async ({ server, next, make }) => {
    assert.is(await next(), 'synced');
    let refusals = 0;
    server.fault = ({ query }) => {
      if (!query.get('watch') || refusals > 2) return undefined;
      refusals += 1;
      return refused(429, 'TooManyRequests', { details: { retryAfterSeconds: 30 } });
    };
    server.endWatches('cut');
    await make('a');
    const started = performance.now();
    assert.is(await next(), 'put a');
    assert.ok(performance.now() - started >= (3 * 30_000) / 500, 'three times half a minute of the fast clock');
  }, fastClock(500)),
);

test('an error that its reader takes for final ends it', async () => {
  const server = await startApiServer();
  server.fault = () => refused(403, 'Forbidden');
  const onError = (error: unknown): void => {
    throw error;
  };
  const changes = listWatch(
    'VM',
    { api: server.api, clock: fastClock(100), random: () => 0, namespace: 'team', onError },
    new AbortController().signal,
  );
  await changes.next().then(
    () => assert.unreachable(),
    (error) => assert.match(String(error), /cannot watch VM objects: Forbidden it is/),
  );
  assert.is(server.asked[0]?.path, collectionPath('VM', 'team'));
  await server.close();
});

test.run();
