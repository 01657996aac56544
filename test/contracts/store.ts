// The one contract test of stores: what the controller may rely on, whatever the resources are kept in.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errorCode } from '../../controller/api/error.ts';
import { type Kinds, keyOf } from '../../controller/api/object.ts';
import type { Change, NewObject, Store } from '../../controller/store/store.ts';

export interface OpenedStore {
  readonly store: Store;
  /** Puts a secret where the store looks for it. */
  setSecret(key: { readonly namespace: string; readonly name: string }, data: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
}

const KEY = { namespace: 'default', name: 'p-0' };
const VM: NewObject<'VM'> = { metadata: KEY, spec: { poolRef: { name: 'p' }, size: 'l', slots: 4 } };
const POOL: NewObject<'VMPool'> = {
  metadata: { namespace: 'default', name: 'p' },
  spec: { provider: { type: 'Local' }, sizes: [{ name: 'l' }] },
};

export interface StoreTestOptions {
  /** False where there is no place for them. */
  readonly secrets?: boolean;
  /** Called after the last test. */
  readonly end?: () => Promise<void>;
}

/** Each test has a new, empty store. */
export const testStore = (name: string, open: () => Promise<OpenedStore>, { secrets = true, end }: StoreTestOptions = {}): void => {
  const test = suite(`store contract: ${name}`);
  const check = (title: string, body: (opened: OpenedStore) => Promise<void>): void => {
    test(title, async () => {
      const opened = await open();
      try {
        await body(opened);
      } finally {
        await opened.close();
      }
    });
  };

  check('a created object is returned as it is stored', async ({ store }) => {
    const created = await store.create('VM', { ...VM, metadata: { ...KEY, labels: { a: 'b' }, finalizers: ['berth.dev/cleanup'] } });
    assert.is(created.kind, 'VM');
    assert.is(created.apiVersion, 'berth.dev/v1alpha1');
    assert.is(created.metadata.generation, 1);
    assert.equal(created.metadata.labels, { a: 'b' });
    assert.equal(created.metadata.finalizers, ['berth.dev/cleanup']);
    assert.match(created.metadata.creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.ok(created.metadata.uid.length > 0);
    assert.equal(created.status, { observedGeneration: -1 });
    assert.equal(await store.get('VM', KEY), created);
    assert.equal(await store.list('VM'), [created]);
    assert.ok(Object.isFrozen(created.spec));
  });

  check('what does not exist is undefined, and of another kind is not listed', async ({ store }) => {
    await store.create('VM', VM);
    assert.is(await store.get('VM', { ...KEY, name: 'other' }), undefined);
    assert.is(await store.get('VM', { ...KEY, namespace: 'other' }), undefined);
    assert.equal(await store.list('VMPool'), []);
  });

  check('creating what exists is a conflict', async ({ store }) => {
    await store.create('VM', VM);
    assert.is(await codeOf(store.create('VM', VM)), 'conflict');
  });

  check('two creations at once make one object', async ({ store }) => {
    const results = await Promise.allSettled([store.create('VM', VM), store.create('VM', VM)]);
    assert.is(results.filter((result) => result.status === 'fulfilled').length, 1);
    assert.is((await store.list('VM')).length, 1);
  });

  check('a status is replaced whole, and leaves spec and metadata alone', async ({ store }) => {
    const created = await store.create('VM', VM);
    const first = await store.patchStatus('VM', at(created), { phase: 'Booting', address: 'a' });
    const second = await store.patchStatus('VM', at(first), { phase: 'Ready' });
    assert.equal(second.status, { phase: 'Ready' });
    assert.equal(second.spec, created.spec);
    assert.is(second.metadata.generation, 1);
    assert.is(second.metadata.uid, created.metadata.uid);
    assert.equal(await store.get('VM', KEY), second);
  });

  check('an equal status is not written', async ({ store }) => {
    const created = await store.create('VM', VM);
    const first = await store.patchStatus('VM', at(created), { phase: 'Ready', slots: 4 });
    const second = await store.patchStatus('VM', at(first), { slots: 4, phase: 'Ready' });
    assert.is(second.metadata.resourceVersion, first.metadata.resourceVersion);
  });

  check('a write with an old version or another uid is a conflict and changes nothing', async ({ store }) => {
    const created = await store.create('VM', VM);
    const written = await store.patchStatus('VM', at(created), { phase: 'Ready' });
    assert.is(await codeOf(store.patchStatus('VM', at(created), { phase: 'Failed' })), 'conflict');
    assert.is(await codeOf(store.patchFinalizers('VM', at(created), ['x/y'])), 'conflict');
    assert.is(await codeOf(store.patchStatus('VM', { ...at(written), uid: 'other' }, { phase: 'Failed' })), 'conflict');
    assert.is(await codeOf(store.patchStatus('VM', { ...at(written), name: 'gone' }, { phase: 'Failed' })), 'conflict');
    assert.equal(await store.get('VM', KEY), written);
  });

  check('of two writes with one version the second is a conflict', async ({ store }) => {
    const created = await store.create('VM', VM);
    const results = await Promise.allSettled([
      store.patchStatus('VM', at(created), { phase: 'Ready' }),
      store.patchStatus('VM', at(created), { phase: 'Failed' }),
    ]);
    assert.equal(results.map((result) => result.status).toSorted(), ['fulfilled', 'rejected']);
  });

  check('every write has a new, greater version', async ({ store }) => {
    const versions = [];
    let object = await store.create('VM', VM);
    for (let n = 0; n < 5; n += 1) {
      versions.push(Number(object.metadata.resourceVersion));
      object = await store.patchStatus('VM', at(object), { slots: n });
    }
    assert.equal(
      versions,
      versions.toSorted((a, b) => a - b),
    );
    assert.is(new Set(versions).size, 5);
  });

  check('an object without finalizers goes at once', async ({ store }) => {
    const created = await store.create('VM', VM);
    await store.delete('VM', at(created));
    assert.is(await store.get('VM', KEY), undefined);
  });

  check('an object with finalizers gets a deletionTimestamp and goes with the last of them', async ({ store }) => {
    const created = await store.create('VM', { ...VM, metadata: { ...KEY, finalizers: ['a/b', 'c/d'] } });
    await store.delete('VM', at(created));
    const leaving = present(await store.get('VM', KEY));
    assert.match(leaving.metadata.deletionTimestamp ?? '', /Z$/);
    assert.is(leaving.metadata.generation, 2);
    await store.delete('VM', at(created));
    assert.equal(await store.get('VM', KEY), leaving);
    const less = await store.patchFinalizers('VM', at(leaving), ['c/d']);
    assert.equal(less.metadata.finalizers, ['c/d']);
    await store.patchFinalizers('VM', at(less), []);
    assert.is(await store.get('VM', KEY), undefined);
  });

  check('finalizers alone do not remove an object', async ({ store }) => {
    const created = await store.create('VM', { ...VM, metadata: { ...KEY, finalizers: ['a/b'] } });
    const bare = await store.patchFinalizers('VM', at(created), []);
    assert.is(bare.metadata.finalizers?.length ?? 0, 0);
    assert.ok(await store.get('VM', KEY));
  });

  check('deleting what is gone, or another incarnation, counts as done', async ({ store }) => {
    const created = await store.create('VM', VM);
    await store.delete('VM', { ...KEY, uid: 'other' });
    assert.equal(await store.get('VM', KEY), created);
    await store.delete('VM', at(created));
    await store.delete('VM', at(created));
  });

  check('a name can be used again, with a new uid', async ({ store }) => {
    const first = await store.create('VM', VM);
    await store.delete('VM', at(first));
    const second = await store.create('VM', VM);
    assert.is.not(second.metadata.uid, first.metadata.uid);
    assert.is(await codeOf(store.patchStatus('VM', at(first), { phase: 'Ready' })), 'conflict');
  });

  check('a watch tells all that exists, then synced, then every change', async ({ store }) => {
    const pool = await store.create('VMPool', POOL);
    const created = await store.create('VM', VM);
    const watched = watching(store);
    assert.equal(await watched.next(), { type: 'put', object: created });
    assert.equal(await watched.next(), { type: 'synced' });
    const ready = await store.patchStatus('VM', at(created), { phase: 'Ready' });
    assert.equal(await watched.next(), { type: 'put', object: ready });
    await store.patchStatus('VMPool', at(pool), { vms: 1 });
    await store.delete('VM', at(created));
    assert.equal(await watched.next(), { type: 'gone', key: keyOf(created), uid: created.metadata.uid });
    watched.stop();
  });

  check('a watch that nobody reads folds changes, but tells the end of one incarnation before the next', async ({ store }) => {
    const watched = watching(store);
    assert.equal(await watched.next(), { type: 'synced' });
    const first = await store.create('VM', VM);
    const seen = await watched.next();
    assert.equal(seen, { type: 'put', object: first });
    await store.delete('VM', at(first));
    const second = await store.create('VM', VM);
    const last = await store.patchStatus('VM', at(second), { phase: 'Ready' });
    assert.equal(await watched.next(), { type: 'gone', key: KEY, uid: first.metadata.uid });
    let change = await watched.next();
    // Folded or not: the last state is what counts.
    if (change?.type === 'put' && change.object.metadata.resourceVersion !== last.metadata.resourceVersion) change = await watched.next();
    assert.equal(change, { type: 'put', object: last });
    watched.stop();
  });

  check('a watch ends when its signal says so', async ({ store }) => {
    const watched = watching(store);
    await watched.next();
    const next = watched.next();
    watched.stop();
    assert.is(await next, undefined);
  });

  const checkSecrets = secrets ? check : () => undefined;
  checkSecrets('a secret is its keys and values, read anew each time', async ({ store, setSecret }) => {
    const key = { namespace: 'default', name: 'anthropic' };
    assert.is(await store.secret(key), undefined);
    await setSecret(key, { 'api-key': 'one\n', other: '' });
    assert.equal(await store.secret(key), { 'api-key': 'one\n', other: '' });
    await setSecret(key, { 'api-key': 'two', other: '' });
    assert.is((await store.secret(key))?.['api-key'], 'two');
    assert.is(await store.secret({ ...key, namespace: 'other' }), undefined);
  });

  check('recording an event never throws', async ({ store }) => {
    const regarding = { kind: 'VM' as const, uid: 'u', ...KEY };
    for (let n = 0; n < 50; n += 1) store.record({ type: 'Normal', reason: 'PlacedSession', message: 'x'.repeat(n * 100), regarding });
  });

  if (end) test.after(end);
  test.run();
};

const at = (object: Kinds['VM' | 'VMPool']) => ({
  ...keyOf(object),
  uid: object.metadata.uid,
  resourceVersion: object.metadata.resourceVersion,
});

const present = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('expected an object');
  return value;
};

const codeOf = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'no error', errorCode);

const watching = (store: Store): { next(): Promise<Change<'VM'> | undefined>; stop(): void } => {
  const abort = new AbortController();
  const iterator = store.watch('VM', abort.signal)[Symbol.asyncIterator]();
  return {
    next: async () => {
      const { done, value } = await iterator.next();
      return done ? undefined : value;
    },
    stop: () => abort.abort(),
  };
};
