// What is known of a log after a restart.
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { logFile, readIndex, writeIndex } from '../../controller/output/log-files.ts';
import { appendTo, loadState, skipTo, summarize } from '../../controller/output/log-state.ts';

const test = suite('log state');

const inFolder = async (body: (folder: string) => Promise<void>): Promise<void> => {
  const root = await mkdtemp(join(tmpdir(), 'log-state-'));
  try {
    await mkdir(join(root, 'log'));
    await body(join(root, 'log'));
  } finally {
    await rm(root, { recursive: true });
  }
};

test('a log that the index counts in part is counted on from there, and no line twice', () =>
  inFolder(async (folder) => {
    await writeFile(logFile(folder), 'one\ntwo\nthree');
    await writeIndex(folder, { bytes: 4, newlines: 1, holes: [] });
    const summary = summarize(await loadState(folder));
    assert.equal([summary.bytes, summary.lines, summary.tail], [13, 3, 'one\ntwo\nthree']);
  }));

test('an index that counts more than there is counts for nothing', () =>
  inFolder(async (folder) => {
    await writeFile(logFile(folder), 'one\n');
    await writeIndex(folder, { bytes: 400, newlines: 100, holes: [] });
    const summary = summarize(await loadState(folder));
    assert.equal([summary.bytes, summary.lines], [4, 1]);
  }));

test('the address of a pull request outlives a hole and a restart', () =>
  inFolder(async (folder) => {
    const [ready, last] = ['https://example.com/a/b/pull/1', 'https://example.com/a/b/pull/2'];
    const text = `PR ready for merge: ${ready}\nsee also ${last}\n`;
    await skipTo(folder, await appendTo(folder, await loadState(folder), Buffer.from(text)), 1000);
    const index = await readIndex(folder);
    assert.equal([index.ready, index.last], [ready, last]);
    const summary = summarize(await loadState(folder));
    assert.equal([summary.bytes, summary.truncated, summary.pullRequestURL], [1000, true, ready]);
  }));

test('a log that cannot be opened is told, not taken for an empty one', () =>
  inFolder(async (folder) => {
    await symlink('log', logFile(folder));
    const code = await loadState(folder).then(
      () => 'loaded',
      (error: NodeJS.ErrnoException) => error.code,
    );
    assert.is(code, 'ELOOP');
  }));

test.run();
