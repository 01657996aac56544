// Private keys as people have them, in the form the SSH library reads: it knows OpenSSH's own and the older PEM forms, and
// refuses PKCS#8 ("BEGIN PRIVATE KEY"), which is what OpenSSL and most clouds write.
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { OperatorError } from '../api/error.ts';

export const readablePrivateKey = (text: string, passphrase?: string): string => {
  const key = `${text.trim()}\n`;
  if (!/^-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(key)) return key;
  const parsed = parse(key, passphrase);
  switch (parsed.asymmetricKeyType) {
    case 'rsa':
      return String(parsed.export({ type: 'pkcs1', format: 'pem' }));
    case 'ec':
      return String(parsed.export({ type: 'sec1', format: 'pem' }));
    case 'ed25519':
      return openSSH(parsed);
    default:
      throw new OperatorError('invalid', `the private key is of type ${parsed.asymmetricKeyType}: use ed25519, ECDSA or RSA`);
  }
};

const parse = (key: string, passphrase: string | undefined): KeyObject => {
  try {
    return createPrivateKey({ key, format: 'pem', ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    // The library's own words may hold parts of the key.
    throw new OperatorError('invalid', 'the private key could not be read: it is damaged, or its passphrase is missing or wrong');
  }
};

/** The layout of PROTOCOL.key in OpenSSH's source, without encryption; every string after its length in four bytes. */
const openSSH = (key: KeyObject): string => {
  const { d = '', x = '' } = key.export({ format: 'jwk' });
  const publicPart = Buffer.from(x, 'base64url');
  const type = string('ssh-ed25519');
  const publicKey = Buffer.concat([type, string(publicPart)]);
  const check = Buffer.alloc(8);
  const secret = [check, publicKey, string(Buffer.concat([Buffer.from(d, 'base64url'), publicPart])), string('')];
  const length = secret.reduce((sum, part) => sum + part.length, 0);
  const padding = Buffer.from(Array.from({ length: (8 - (length % 8)) % 8 }, (_, at) => at + 1));
  const one = Buffer.from([0, 0, 0, 1]);
  const body = [
    Buffer.from('openssh-key-v1\0'),
    string('none'),
    string('none'),
    string(''),
    one,
    string(publicKey),
    string(Buffer.concat([...secret, padding])),
  ];
  const lines =
    Buffer.concat(body)
      .toString('base64')
      .match(/.{1,70}/g) ?? [];
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`;
};

const string = (value: string | Buffer): Buffer => {
  const bytes = Buffer.from(value as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};
