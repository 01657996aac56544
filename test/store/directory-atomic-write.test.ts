// Durable writes: what a failed one leaves behind, and what it says.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OperatorError } from '../../controller/api/error.ts';
import { codeOf, removeDurably, writeAtomic, writeError, writeManyAtomic } from '../../controller/store/directory/atomic-write.ts';
import { rejection } from './rejection.ts';

const test = suite('atomic write');

const inFolder = async (body: (folder: string) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'atomic-'));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

test('a write that fails leaves no temporary file, and names the file', () =>
  inFolder(async (folder) => {
    mkdirSync(join(folder, 'taken', 'x'), { recursive: true });
    const error = await rejection(writeAtomic(join(folder, 'taken'), 'text'));
    assert.is(error.code, 'unavailable');
    assert.match(error.message, `cannot write ${join(folder, 'taken')}`);
    assert.equal(readdirSync(folder), ['taken']);
  }));

test('a bulk write that fails at one file leaves no temporary file of any', () =>
  inFolder(async (folder) => {
    mkdirSync(join(folder, 'taken', 'x'), { recursive: true });
    const files = ['taken', 'free'].map((name) => ({ path: join(folder, name), text: name }));
    assert.is((await rejection(writeManyAtomic(files))).code, 'unavailable');
    assert.equal(readdirSync(folder), ['taken']);
  }));

test('a bulk write makes a folder that is missing, but not in place of a file', () =>
  inFolder(async (folder) => {
    await writeManyAtomic([{ path: join(folder, 'made', 'a'), text: 'a' }]);
    assert.is(readFileSync(join(folder, 'made', 'a'), 'utf8'), 'a');
    writeFileSync(join(folder, 'file'), 'mine');
    await rejection(writeManyAtomic([{ path: join(folder, 'file', 'a'), text: 'a' }]));
    assert.is(readFileSync(join(folder, 'file'), 'utf8'), 'mine');
  }));

test('a bulk write needs no sync command', () =>
  inFolder(async (folder) => {
    const path = process.env.PATH;
    process.env.PATH = folder;
    try {
      await writeManyAtomic(['a', 'b'].map((name) => ({ path: join(folder, name), text: name })));
    } finally {
      process.env.PATH = path;
    }
    assert.equal(readdirSync(folder), ['a', 'b']);
    await writeManyAtomic([]);
  }));

test('removing what is not there is done; what cannot be removed is told', () =>
  inFolder(async (folder) => {
    await removeDurably(join(folder, 'nothing'));
    mkdirSync(join(folder, 'folder'));
    assert.match((await rejection(removeDurably(join(folder, 'folder')))).message, 'cannot write');
    assert.ok(existsSync(join(folder, 'folder')));
  }));

test('an error of writing says what to do where that is known', () => {
  assert.match(writeError('f', Object.assign(new Error('full'), { code: 'ENOSPC' })).message, 'free some space');
  assert.is(writeError('f', new Error('odd')).message, 'cannot write f: odd');
  const told = new OperatorError('conflict', 'told already');
  assert.is(writeError('f', told), told);
  assert.is(codeOf('no error'), undefined);
  assert.is(codeOf(Object.assign(new Error('x'), { code: 5 })), undefined);
});

test.run();
