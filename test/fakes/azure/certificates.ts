// A certificate authority and a serving certificate for the loopback, made by openssl in a folder and kept there.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificates {
  readonly caFile: string;
  readonly cert: Buffer;
  readonly key: Buffer;
}

const NAMES = 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n';

export const certificatesIn = (folder: string): Certificates => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  if (!existsSync(join(folder, 'server.crt'))) {
    const usage = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
    for (const name of ['ca', 'server']) openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.key`);
    openssl('req', '-x509', '-new', '-key', 'ca.key', '-subj', '/CN=fake-azure-ca', '-days', '3650', '-out', 'ca.crt', ...usage);
    openssl('req', '-new', '-key', 'server.key', '-subj', '/CN=fake-azure', '-out', 'server.csr');
    writeFileSync(join(folder, 'server.ext'), NAMES);
    const signed = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '3650', '-extfile', 'server.ext'];
    openssl('x509', '-req', '-in', 'server.csr', ...signed, '-out', 'server.crt');
  }
  return {
    caFile: join(folder, 'ca.crt'),
    cert: readFileSync(join(folder, 'server.crt')),
    key: readFileSync(join(folder, 'server.key')),
  };
};
