// Public keys of SSH servers: what a server may show, and what is said when it shows another. Compared byte by byte.
import { createHash } from 'node:crypto';
import { OperatorError } from '../api/error.ts';

/** The `reason` of the error that refuses a server. */
const HOST_KEY_MISMATCH = 'HostKeyMismatch';

export interface PinnedKeys {
  /** What the server is asked to show: first the kinds we know a key of, then all others, so that we can say what it has. */
  readonly algorithms: readonly string[];
  accepts(shown: Uint8Array): boolean;
  refusal(shown: Uint8Array, server: string): OperatorError;
}

/** `lines`: `ssh-ed25519 AAAA…`, as in a line of known_hosts without its first word; any of them may be shown. */
export const pinKeys = (lines: readonly string[]): PinnedKeys => {
  const keys = lines.map(parseLine);
  const known = keys.flatMap(({ type }) => SIGNATURES[type] ?? []);
  const others = Object.values(SIGNATURES).flat();
  return {
    algorithms: [...new Set([...known, ...others])],
    accepts: (shown) => keys.some(({ bytes }) => bytes.equals(shown)),
    refusal: (shown, server) =>
      new OperatorError(
        'denied',
        `${server} shows another host key than the one expected: expected ${keys.map(({ bytes }) => fingerprint(bytes)).join(' or ')}, ` +
          `seen ${fingerprint(shown)}; nothing was sent. Either its key was changed (then correct hostKey), or somebody else answers in its place`,
        { reason: HOST_KEY_MISMATCH },
      ),
  };
};

/** As ssh-keygen prints it. */
export const fingerprint = (key: Uint8Array): string =>
  `${typeOf(key) ?? 'unknown'} SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;

const SIGNATURES: Readonly<Record<string, readonly string[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};

const parseLine = (line: string): { readonly type: string; readonly bytes: Buffer } => {
  const [type = '', base64 = ''] = line.trim().split(/\s+/);
  const bytes = Buffer.from(base64, 'base64');
  if (SIGNATURES[type] !== undefined && typeOf(bytes) === type) return { type, bytes };
  throw new OperatorError(
    'invalid',
    `${JSON.stringify(line.slice(0, 80))} is no host key: give a type and the key in base64, as "ssh-keyscan -t ed25519 HOST" prints after the host's name`,
  );
};

/** A key begins with its own type, after its length in four bytes. */
const typeOf = (key: Uint8Array): string | undefined => {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  if (bytes.length < 4) return undefined;
  const length = bytes.readUInt32BE(0);
  return length <= bytes.length - 4 && length < 64 ? bytes.toString('latin1', 4, 4 + length) : undefined;
};
