// A certificate authority of our own in a folder, by openssl: serving certificate, client certificates, and kubeconfigs.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Authority {
  readonly path: (name: string) => string;
  /** Makes NAME.crt and NAME.key. */
  issue(name: string, subject: string, extension: string): void;
  /** A kubeconfig of this user, made with a new certificate. */
  kubeconfig(user: string, group: string, server: string): string;
}

const NAMES = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'].map((name) => `DNS:${name}`);

export const createAuthority = (folder: string): Authority => {
  const path = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const key = (name: string): void => openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.key`);
  key('ca');
  const usage = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
  openssl('req', '-x509', '-new', '-key', 'ca.key', '-subj', '/CN=test-ca', '-days', '30', '-out', 'ca.crt', ...usage);
  const issue: Authority['issue'] = (name, subject, extension) => {
    key(name);
    openssl('req', '-new', '-key', `${name}.key`, '-subj', subject, '-out', `${name}.csr`);
    writeFileSync(path(`${name}.ext`), `${extension}\n`);
    const signed = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '30', '-extfile', `${name}.ext`];
    openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-out', `${name}.crt`);
  };
  issue('apiserver', '/CN=kube-apiserver', `subjectAltName=${NAMES.join(',')},IP:127.0.0.1,IP:10.96.0.1\nextendedKeyUsage=serverAuth`);
  openssl('genrsa', '-out', 'sa.key', '2048');
  openssl('rsa', '-in', 'sa.key', '-pubout', '-out', 'sa.pub');
  return {
    path,
    issue,
    kubeconfig: (user, group, server) => {
      issue(user, `/O=${group}/CN=${user}`, 'extendedKeyUsage=clientAuth');
      const file = path(`${user}.kubeconfig`);
      const data = (name: string): string => readFileSync(path(name)).toString('base64');
      writeFileSync(file, JSON.stringify(kubeconfigOf(server, data('ca.crt'), data(`${user}.crt`), data(`${user}.key`))), { mode: 0o600 });
      return file;
    },
  };
};

const kubeconfigOf = (server: string, ca: string, certificate: string, key: string): object => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'test',
  clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': ca } }],
  contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  users: [{ name: 'test', user: { 'client-certificate-data': certificate, 'client-key-data': key } }],
});
