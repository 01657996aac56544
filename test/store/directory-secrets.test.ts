// Secrets of a directory store: what is refused, and what cannot be read.
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { listSecrets, readSecret, removeSecret, writeSecret } from '../../controller/store/directory/secrets.ts';
import { rejection } from './rejection.ts';

const test = suite('directory secrets');

const key = { namespace: 'default', name: 'api' };
const outside = { namespace: 'default', name: '../../api' };

const inFolder = async (body: (folder: string) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

test('a secret is readable by its owner alone', () =>
  inFolder(async (folder) => {
    await writeSecret(folder, key, { token: 't' });
    assert.is(statSync(join(folder, 'secrets', 'default', 'api', 'token')).mode & 0o777, 0o600);
    assert.is(statSync(join(folder, 'secrets', 'default', 'api')).mode & 0o777, 0o700);
    assert.equal(listSecrets(folder), [{ ...key, keys: ['token'] }]);
    assert.equal([removeSecret(folder, key), removeSecret(folder, key)], [true, false]);
  }));

test('no name leads out of the folder', () =>
  inFolder(async (folder) => {
    assert.is((await rejection(writeSecret(folder, outside, { token: 't' }))).code, 'invalid');
    assert.match((await rejection(writeSecret(folder, key, { '../token': 't' }))).message, 'is no valid key of a secret');
    assert.is(readSecret(folder, { [`BERTH_SECRET_${'_'.repeat(6)}API_TOKEN`]: 't' }, outside), undefined);
    assert.is(removeSecret(folder, outside), false);
    assert.equal(listSecrets(folder), []);
  }));

test('a key that cannot be read is told, not passed over', () =>
  inFolder(async (folder) => {
    mkdirSync(join(folder, 'secrets', 'default', 'api', 'token'), { recursive: true });
    assert.throws(() => readSecret(folder, {}, key), /cannot read the secret file .*token/);
  }));

test('a secret that cannot be written is told', () =>
  inFolder(async (folder) => {
    writeFileSync(join(folder, 'secrets'), '');
    assert.is((await rejection(writeSecret(folder, key, { token: 't' }))).code, 'unavailable');
  }));

test.run();
