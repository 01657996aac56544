// The log store on disk, and its readers.
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openLogReader } from '../../controller/output/open-log-reader.ts';
import { openLogStore } from '../../controller/output/open-log-store.ts';
import { testLogStore } from '../contracts/log-store.ts';

const openWorld = async () => {
  const root = await mkdtemp(join(tmpdir(), 'berth-logs-'));
  return { root, reopen: () => openLogStore({ root }), close: () => rm(root, { recursive: true, force: true }) };
};
testLogStore('local disk', openWorld);

const test = suite('log store on disk');
let world: Awaited<ReturnType<typeof openWorld>>;
test.before(async () => {
  world = await openWorld();
});
test.after(() => world.close());
let count = 0;
const fresh = () => ({ namespace: 'default', name: 'n', uid: `v${count++}`, attempt: 1 });
const collect = async (parts: AsyncIterable<Uint8Array>) => {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all).toString('latin1');
};

test('readers see each byte once from any offset, and pass over holes', async () => {
  const log = fresh();
  const store = world.reopen();
  await store.append(log, 0, Buffer.from('hello\n'));
  await store.skip(log, 1000);
  await store.append(log, 1000, Buffer.from('world\n'));
  const reader = openLogReader(world.root, log);
  assert.is(await reader.size(), 1006);
  assert.is(await collect(reader.read(0)), 'hello\nworld\n');
  assert.is(await collect(reader.read(3)), 'lo\nworld\n');
  assert.is(await collect(reader.read(500)), 'world\n');
  assert.is(await collect(reader.read(2000)), '');
});

test('a follower is there before the log is, hears of bytes at once, and ends when told', async () => {
  const log = { namespace: 'later', name: 'n', uid: `v${count++}`, attempt: 1 };
  const stop = new AbortController();
  const heard: string[] = [];
  const following = (async () => {
    for await (const bytes of openLogReader(world.root, log).follow(0, stop.signal)) {
      heard.push(Buffer.from(bytes).toString());
      if (heard.join('').endsWith('99\n')) stop.abort();
    }
  })();
  const store = world.reopen();
  let offset = 0;
  for (let at = 0; at < 100; at++) offset = (await store.append(log, offset, Buffer.from(`${at}\n`))).bytes;
  await following;
  assert.is(heard.join(''), Array.from({ length: 100 }, (_, at) => `${at}\n`).join(''));
});

test('a follower that is told of the end reads what is there by then, and ends', async () => {
  const log = fresh();
  const store = world.reopen();
  await store.append(log, 0, Buffer.from('one\n'));
  const ended = new AbortController();
  const follower = openLogReader(world.root, log).follow(0, new AbortController().signal, ended.signal)[Symbol.asyncIterator]();
  assert.is((await follower.next()).value?.length, 4);
  const next = follower.next();
  await store.append(log, 4, Buffer.from('two\n'));
  assert.is((await next).value?.length, 4);
  const last = follower.next();
  ended.abort();
  assert.is((await last).done, true);
  const late = openLogReader(world.root, log).follow(4, new AbortController().signal, ended.signal);
  assert.is(await collect(late), 'two\n');
});

test('a follower hears quickly', async () => {
  const log = fresh();
  const store = world.reopen();
  await store.append(log, 0, Buffer.from('a'));
  const stop = new AbortController();
  const follower = openLogReader(world.root, log).follow(1, stop.signal)[Symbol.asyncIterator]();
  const delays: number[] = [];
  for (let at = 1; at <= 20; at++) {
    const next = follower.next();
    const began = performance.now();
    await store.append(log, at, Buffer.from('b'));
    await next;
    delays.push(performance.now() - began);
  }
  stop.abort();
  await follower.return?.();
  delays.sort((a, b) => a - b);
  assert.ok((delays[10] ?? 999) < 300, `median ${delays[10]} ms`);
});

test('counts go on from the index after a restart, and begin anew where a power cut took bytes', async () => {
  const log = fresh();
  const line = Buffer.from(`${'y'.repeat(99)}\n`.repeat(20_000));
  let store = world.reopen();
  for (let at = 0; at < 6; at++) await store.append(log, at * line.length, line);
  await store.append(log, 6 * line.length, Buffer.from('https://github.com/o/r/pull/7\nend'));
  store = world.reopen();
  const summary = await store.summary(log);
  assert.equal([summary.lines, summary.bytes, summary.pullRequestURL], [120_002, 12_000_033, 'https://github.com/o/r/pull/7']);
  const folder = join(world.root, 'default', `n.${log.uid}`);
  assert.equal((await readdir(folder)).sort(), ['index.json', 'log']);
  await truncate(join(folder, 'log'), 1000);
  assert.equal((await world.reopen().summary(log)).lines, 10);
});

test('what a failed append left is found again', async () => {
  const log = fresh();
  const store = world.reopen();
  await store.append(log, 0, Buffer.from('ab'));
  const path = join(world.root, 'default', `n.${log.uid}`, 'log');
  await rm(path);
  await writeFile(path, 'abc');
  assert.is((await world.reopen().summary(log)).bytes, 3);
  assert.is(await readFile(path, 'utf8'), 'abc');
});

test.run();
