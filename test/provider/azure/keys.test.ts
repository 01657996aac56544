// Derived SSH keys: the same again after a crash, another one for everything else, and real ones to OpenSSH and to ssh2.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import ssh2 from 'ssh2';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deriveKey, type KeyPurpose } from '../../../controller/provider/azure/keys.ts';

const test = suite('azure provider: derived keys');

const SECRET = Buffer.alloc(32, 7);
const UID = '0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9';
const PURPOSES: readonly KeyPurpose[] = ['host-1', 'host-2', 'login'];

test('the same secret, VM and purpose give the same key, today and in every later version', () => {
  assert.equal(deriveKey(SECRET, UID, 'login'), deriveKey(SECRET, UID, 'login'));
  assert.is(deriveKey(SECRET, UID, 'host-1').publicKey, 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILEpZlQbTOiTlnephEWDscsrkGze/xk+hAeKFzvb6l/I');
});

test('no two of purposes, VMs and secrets share a key', () => {
  const keys = [SECRET, Buffer.alloc(32, 8)].flatMap((secret) =>
    [UID, UID.replace('0', '1')].flatMap((uid) => PURPOSES.map((purpose) => deriveKey(secret, uid, purpose).publicKey)),
  );
  assert.is(new Set(keys).size, 12);
});

test('ssh-keygen reads the private key and finds the public one in it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-keys-'));
  try {
    for (const purpose of PURPOSES) {
      const { privateKey, publicKey } = deriveKey(SECRET, UID, purpose);
      const file = join(folder, purpose);
      writeFileSync(file, privateKey, { mode: 0o600 });
      assert.is(execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' }).trim(), publicKey);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('ssh2 reads both halves, whatever the UID', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.constantFrom(...PURPOSES), (uid, purpose) => {
      const { privateKey, publicKey } = deriveKey(SECRET, uid, purpose);
      const read = ssh2.utils.parseKey(privateKey);
      const pub = ssh2.utils.parseKey(publicKey);
      if (read instanceof Error || pub instanceof Error) throw new Error(`not read: ${String(read)}, ${String(pub)}`);
      assert.is(read.getPublicSSH().equals(pub.getPublicSSH()), true);
      assert.is(pub.verify('text', read.sign('text')), true);
    }),
    { numRuns: 25 },
  );
});

test.run();
