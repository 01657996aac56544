// What the API server refuses to the store, told as the reconcilers need it.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ErrorCode, errorCode, errorMessage } from '../../../controller/api/error.ts';
import type { VM } from '../../../controller/api/types.generated.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { createClusterStore } from '../../../controller/store/cluster/store.ts';
import type { Store } from '../../../controller/store/store.ts';
import { type Answer, type FakeApiServer, refused, startApiServer } from '../../fakes/api-server.ts';

const test = suite('writes to a cluster');
const KEY = { namespace: 'default', name: 'p-0' };

const inWorld = (body: (server: FakeApiServer, store: Store, vm: VM) => Promise<void>) => async (): Promise<void> => {
  const server = await startApiServer();
  const store = createClusterStore({ api: server.api, clock: systemClock, random: () => 0, record: () => undefined });
  try {
    await body(server, store, await store.create('VM', { metadata: KEY, spec: { poolRef: { name: 'p' }, size: 'l', slots: 4 } }));
  } finally {
    await server.close();
  }
};

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

const complaint = (...fields: readonly (string | undefined)[]): Answer =>
  refused(422, 'Invalid', { details: { causes: fields.map((field) => ({ field })) } });

const refusals: readonly (readonly [title: string, answer: Answer, code: ErrorCode])[] = [
  ['what is gone', refused(404, 'NotFound'), 'conflict'],
  ['another incarnation', complaint('metadata.uid'), 'conflict'],
  ['a field that is wrong as well', complaint('metadata.uid', 'status.phase'), 'invalid'],
  ['a complaint about no field', complaint(undefined), 'invalid'],
  ['a complaint without causes', refused(422, 'Invalid'), 'invalid'],
  ['an outage', refused(500, 'InternalError'), 'unavailable'],
];
for (const [title, answer, code] of refusals) {
  test(
    `${title} is ${code}`,
    inWorld(async (server, store, { metadata }) => {
      server.fault = ({ method }) => (method === 'PATCH' ? answer : undefined);
      const error = await failure(store.patchFinalizers('VM', { ...KEY, ...metadata }, ['berth.dev/cleanup']));
      assert.is(errorCode(error), code);
      assert.is(errorMessage(error).endsWith('(it is gone, or another by now)'), code === 'conflict');
    }),
  );
}

test(
  'finalizers that are so already are not written',
  inWorld(async (server, store, { metadata }) => {
    const asked = server.asked.length;
    const same = await store.patchFinalizers('VM', { ...KEY, ...metadata }, metadata.finalizers ?? []);
    assert.is(same.metadata.resourceVersion, metadata.resourceVersion);
    assert.is(server.asked.length, asked);
  }),
);

test(
  'a deletion that fails for another reason than that it is gone is told',
  inWorld(async (server, store, { metadata }) => {
    server.fault = () => refused(500, 'InternalError');
    assert.is(
      errorMessage(await failure(store.delete('VM', { ...KEY, ...metadata }))),
      'cannot delete VM default/p-0: InternalError it is',
    );
  }),
);

test.run();
