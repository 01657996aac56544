import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Session } from '../controller/api/types.generated.ts';
import { firstLook } from '../controller/first-look.ts';
import type { Informers } from '../controller/operator.ts';
import { createInformer } from '../controller/runtime/informer.ts';
import { runKey } from '../controller/session/host.ts';
import { finished, placed, session } from './builders/session.ts';
import { endedRun, run } from './builders/session-world.ts';
import { readyVM } from './builders/vm.ts';
import { host } from './builders/vm-world.ts';
import { createFeed } from './fakes/feed.ts';
import { createToldHosts } from './fakes/told-hosts.ts';

const test = suite('first look');
const vm = readyVM('default-0');

const openWorld = async (...sessions: readonly Session[]) => {
  const stop = new AbortController();
  const feed = createFeed<unknown>();
  const informer = createInformer({ kind: 'Session', store: { watch: (_kind, signal) => feed.iterate(signal) as never } });
  for (const object of sessions) feed.push({ type: 'put', object });
  feed.push({ type: 'synced' });
  const watching = informer.run(stop.signal);
  const hosts = createToldHosts();
  let isDone = false;
  void firstLook({ Session: informer } as unknown as Informers, hosts, stop.signal).then(() => {
    isDone = true;
  });
  await informer.whenSynced;
  return {
    hosts,
    stop: () => stop.abort(),
    close: async () => {
      stop.abort();
      await watching;
    },
    learn: informer.learn,
    /** After all that is due has happened. */
    isDone: async () => {
      await new Promise(setImmediate);
      return isDone;
    },
  };
};

test('is done at once where nothing unfinished is placed', async () => {
  const { isDone, close } = await openWorld(session('a'), finished('b', vm, 'Completed'));
  assert.ok(await isDone());
  await close();
});

test('waits for each VM to answer, or not to answer', async () => {
  const { hosts, isDone, close } = await openWorld(placed('a', vm, 'yes'), placed('b', readyVM('default-1'), 'yes'));
  assert.not(await isDone());
  hosts.set('default-0', host('connecting'));
  hosts.set('default-1', host('unreachable'));
  assert.not(await isDone());
  hosts.set('default-0', host('reachable', { runs: new Map([['a.1', run('a')]]) }));
  assert.ok(await isDone());
  hosts.set('default-0', host('reachable'));
  await close();
});

test('waits until what has ended meanwhile is written down', async () => {
  const { hosts, learn, isDone, close } = await openWorld(placed('a', vm, 'yes'));
  const ended = endedRun('a', { cause: 'exited', code: 0 });
  hosts.set('default-0', host('reachable', { runs: new Map([[runKey(ended), ended]]) }));
  assert.not(await isDone());
  learn(finished('a', vm, 'Completed', { meta: { resourceVersion: '2' } }));
  assert.ok(await isDone());
  await close();
});

test('is never done once it is to stop', async () => {
  const { hosts, stop, isDone, close } = await openWorld(placed('a', vm, 'yes'));
  stop();
  hosts.set('default-0', host());
  assert.not(await isDone());
  await close();
});

test.run();
