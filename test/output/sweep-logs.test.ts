import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openLogStore } from '../../controller/output/open-log-store.ts';
import { sweepLogs } from '../../controller/output/sweep-logs.ts';

const test = suite('sweep logs');
const OLD = new Date('2026-01-01T00:00:00Z');
let root = '';
test.before.each(async () => {
  root = await mkdtemp(join(tmpdir(), 'berth-sweep-'));
});
test.after.each(() => rm(root, { recursive: true, force: true }));

/** All of it last written long ago. */
const age = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder)) await utimes(join(folder, name), OLD, OLD);
  await utimes(folder, OLD, OLD);
};

test('removes what is old and nobody knows, and leaves what is neither, or no log', async () => {
  const logs = openLogStore({ root });
  for (const name of ['gone', 'known', 'recent']) {
    await logs.append({ namespace: 'default', name, uid: `uid-of-${name}`, attempt: 1 }, 0, Buffer.from('hello\n'));
  }
  await mkdir(join(root, 'default', '.odd'));
  await writeFile(join(root, 'no-namespace'), '');
  for (const name of ['gone.uid-of-gone', 'known.uid-of-known', '.odd']) await age(join(root, 'default', name));
  const sweep = { root, logs, before: OLD.getTime() + 1000, isKnown: ({ name }: { name: string }) => name === 'known' };
  assert.is(await sweepLogs(sweep), 1);
  assert.equal((await readdir(join(root, 'default'))).sort(), ['.odd', 'known.uid-of-known', 'recent.uid-of-recent']);
  assert.is(await sweepLogs(sweep), 0);
});

test('finds nothing where nothing was ever written', async () => {
  const logs = openLogStore({ root });
  assert.is(await sweepLogs({ root: join(root, 'none'), logs, before: Number.POSITIVE_INFINITY, isKnown: () => false }), 0);
});

test.run();
