// The SSH keys of a machine, derived from the installation's secret: what was made before a crash is known again after it, and
// nobody without the secret can make them.
import { createPrivateKey, createPublicKey, hkdfSync } from 'node:crypto';

/** The host key that is injected, the one that takes its place after the first login, and the key we log in with. */
export type KeyPurpose = 'host-1' | 'host-2' | 'login';

export interface KeyPair {
  /** `ssh-ed25519 AAAA…`, as in known_hosts and authorized_keys. */
  readonly publicKey: string;
  /** OpenSSH's own PEM, unencrypted. */
  readonly privateKey: string;
}

const KEY_TYPE = 'ssh-ed25519';
const SEED_BYTES = 32;
/** What comes before the seed in the PKCS #8 form of an ed25519 key (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** `secret` has the strength of a key: the derivation adds none. */
export const deriveKey = (secret: Uint8Array, vmUID: string, purpose: KeyPurpose): KeyPair => {
  const seed = Buffer.from(hkdfSync('sha256', secret, 'berth ssh key', `${vmUID}\n${purpose}`, SEED_BYTES));
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const point = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-SEED_BYTES);
  const blob = Buffer.concat([field(KEY_TYPE), field(point)]);
  return { publicKey: `${KEY_TYPE} ${blob.toString('base64')}`, privateKey: openSSHKey(seed, point, blob) };
};

/** OpenSSH's PROTOCOL.key with cipher and KDF `none`. */
const openSSHKey = (seed: Buffer, point: Buffer, blob: Buffer): string => {
  // Only there to find out a wrong passphrase: any number does, twice.
  const check = point.subarray(0, 4);
  const secrets = Buffer.concat([check, check, field(KEY_TYPE), field(point), field(Buffer.concat([seed, point])), field('')]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7]).subarray(0, (8 - (secrets.length % 8)) % 8);
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field('none'),
    field('none'),
    field(''),
    Buffer.from([0, 0, 0, 1]),
    field(blob),
    field(Buffer.concat([secrets, padding])),
  ]);
  const lines = whole.toString('base64').replaceAll(/.{70}(?!$)/g, '$&\n');
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n');
};

const field = (value: string | Buffer): Buffer => {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};
