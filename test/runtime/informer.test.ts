import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Kind } from '../../controller/api/object.ts';
import { createInformer, type Informer, type InformerChange } from '../../controller/runtime/informer.ts';
import type { Change, Store } from '../../controller/store/store.ts';
import { settle } from '../fakes/clock.ts';
import { createFeed } from '../fakes/feed.ts';
import { session, vm } from './objects.ts';

const test = suite('informer');
const key = { namespace: 'default', name: 'a' };

const start = <K extends Kind>(informer: (store: Pick<Store, 'watch'>) => Informer<K>) => {
  const feed = createFeed<Change<K>>();
  const stop = new AbortController();
  // The one watch of the test is of the kind its feed is of, which the type of a generic method cannot say.
  const store = { watch: (_kind: Kind, signal: AbortSignal) => feed.iterate(signal) } as unknown as Pick<Store, 'watch'>;
  const made = informer(store);
  const changes: InformerChange<K>[] = [];
  const unsubscribe = made.onChange((change) => changes.push(change));
  return { feed, stop, informer: made, changes, unsubscribe, running: made.run(stop.signal) };
};

test('tells what existed as initial, then is synced, then tells every change once', async () => {
  const { feed, stop, informer, changes, running } = start((store) => createInformer({ kind: 'Session', store }));
  const [one, two] = [session('a', '1'), session('a', '2')];
  feed.push({ type: 'put', object: one });
  await settle();
  assert.not(informer.synced);
  feed.push({ type: 'synced' });
  await informer.whenSynced;
  assert.ok(informer.synced);
  feed.push({ type: 'put', object: two }, { type: 'put', object: two }, { type: 'gone', key, uid: 'uid-of-a' });
  await settle();
  assert.equal(changes, [
    { key, after: one, initial: true },
    { key, before: one, after: two, initial: false },
    { key, before: two, initial: false },
  ]);
  stop.abort();
  await running;
  assert.not(informer.dead);
});

test('learns from our own writes at once, and the watch telling the same is no news', async () => {
  const { feed, stop, informer, changes, running } = start((store) => createInformer({ kind: 'Session', store }));
  feed.push({ type: 'put', object: session('a', '1') }, { type: 'synced' });
  await informer.whenSynced;
  const written = session('a', '2');
  informer.learn(written);
  assert.is(informer.get(key), written);
  assert.is(changes.length, 2);
  feed.push({ type: 'put', object: session('a', '2') });
  await settle();
  assert.is(changes.length, 2);
  stop.abort();
  await running;
});

test('answers by index, and stops telling who left', async () => {
  const { feed, stop, informer, changes, unsubscribe, running } = start((store) =>
    createInformer({ kind: 'VM', store, indexes: { pool: (object) => [object.spec.poolRef.name] } }),
  );
  unsubscribe();
  const object = vm('default-0', 'default');
  feed.push({ type: 'put', object }, { type: 'synced' });
  await informer.whenSynced;
  assert.equal(informer.byIndex('pool', 'default'), [object]);
  assert.equal(informer.list(), [object]);
  assert.equal(changes, []);
  stop.abort();
  await running;
});

test('is dead when its watch breaks or ends by itself, and says so', async () => {
  for (const [error, message] of [
    [new Error('the disk is gone'), /the disk is gone/],
    [undefined, /the watch of Session objects ended by itself/],
  ] as const) {
    const { feed, informer, running } = start((store) => createInformer({ kind: 'Session', store }));
    feed.end(error);
    const failure = await running.catch((caught: unknown) => caught);
    assert.match(failure instanceof Error ? failure.message : '', message);
    assert.ok(informer.dead);
  }
});

test('ends quietly when the watch throws because it was told to stop', async () => {
  const { feed, informer, stop, running } = start((store) => createInformer({ kind: 'Session', store }));
  feed.push({ type: 'synced' });
  await informer.whenSynced;
  feed.end(new Error('aborted'));
  stop.abort();
  await running;
  assert.not(informer.dead);
});

test.run();
