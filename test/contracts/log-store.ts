// The contract of a log store, for every implementation. `open` gives one; called again, one over the same logs.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { LogStore, RunLog } from '../../controller/output/log-store.ts';

export interface LogStoreWorld {
  reopen(): LogStore;
  close(): Promise<void>;
}

export const testLogStore = (name: string, open: () => Promise<LogStoreWorld>): void => {
  const test = suite(`log store contract: ${name}`);
  let world: LogStoreWorld;
  test.before(async () => {
    world = await open();
  });
  test.after(() => world.close());
  let count = 0;
  const fresh = (): RunLog => ({ namespace: 'default', name: 'n', uid: `u${count++}`, attempt: 1 });
  const bytes = (text: string) => new TextEncoder().encode(text);

  test('a log that nobody wrote is empty', async () => {
    assert.equal(await world.reopen().summary(fresh()), { bytes: 0, lines: 0, truncated: false, tail: '' });
  });

  test('appends at the offset, skips what it has, and refuses a gap', async () => {
    const [store, log] = [world.reopen(), fresh()];
    await store.append(log, 0, bytes('one\ntw'));
    await store.append(log, 0, bytes('one'));
    const summary = await store.append(log, 4, bytes('two\nthree'));
    assert.equal(summary, { bytes: 13, lines: 3, truncated: false, tail: 'one\ntwo\nthree' });
    const error = await store.append(log, 14, bytes('x')).catch((reason: unknown) => reason);
    assert.is((error as { code?: string }).code, 'conflict');
    assert.equal(await store.summary(log), summary);
  });

  test('knows the same after a restart', async () => {
    const log = fresh();
    const before = await world.reopen().append(log, 0, bytes('PR #45 ready for merge: https://github.com/user/repo/pull/45\nbye'));
    assert.is(before.pullRequestURL, 'https://github.com/user/repo/pull/45');
    assert.equal(await world.reopen().summary(log), before);
  });

  test('passes over what is lost', async () => {
    const [store, log] = [world.reopen(), fresh()];
    await store.append(log, 0, bytes('begin'));
    await store.skip(log, 3);
    assert.is((await store.summary(log)).truncated, false);
    const skipped = await store.skip(log, 100);
    assert.equal([skipped.bytes, skipped.truncated], [100, true]);
    const summary = await store.append(log, 100, bytes('end\n'));
    assert.equal([summary.bytes, summary.truncated], [104, true]);
    assert.match(summary.tail, /end\n$/);
    assert.equal(await world.reopen().summary(log), summary);
  });

  test('an attempt begins where those before it end, whatever they still have', async () => {
    const [store, first] = [world.reopen(), fresh()];
    const second = { ...first, attempt: 2 };
    assert.is(await store.begin(first), 0);
    await store.append(first, 0, bytes('one\n'));
    await store.skip(first, 10);
    assert.is(await store.begin(second), 10);
    for (const late of [await store.append(first, 10, bytes('late\n')), await store.skip(first, 20)]) assert.is(late.bytes, 10);
    await store.append(second, 10, bytes('two\n'));
    const again = world.reopen();
    assert.is(await again.begin(second), 10);
    assert.is((await again.append(first, 14, bytes('late\n'))).bytes, 14);
    const error = await again.begin(first).catch((reason: unknown) => reason);
    assert.is((error as { code?: string }).code, 'conflict');
    assert.is(await again.begin({ ...first, attempt: 3 }), 14);
    assert.is((await world.reopen().summary(first)).bytes, 14);
  });

  test('appends at once to one log are taken in turn', async () => {
    const [store, log] = [world.reopen(), fresh()];
    const text = 'line\n'.repeat(1000);
    await Promise.all(Array.from({ length: 20 }, () => store.append(log, 0, bytes(text))));
    assert.is((await store.summary(log)).lines, 1000);
  });

  test('a removed log is empty', async () => {
    const [store, log] = [world.reopen(), fresh()];
    await store.append(log, 0, bytes('x'));
    await store.remove(log);
    await store.remove(log);
    assert.is((await store.summary(log)).bytes, 0);
    await store.append(log, 0, bytes('y'));
    assert.is((await store.summary(log)).tail, 'y');
  });

  test('has space', async () => assert.is(await world.reopen().hasSpace(), true));

  test.run();
};
