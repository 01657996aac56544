// What an API server needs to pass requests on to servers behind it: an authority of its own for its client certificate, and
// for each such server a Service that leads to the loopback and an APIService that names it.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from './certificates.ts';

export interface Aggregation {
  /** Of the API server. */
  readonly flags: readonly string[];
  /** A client certificate: of the authority that is believed, or of another that is not. */
  certificate(name: string, issuer?: 'own' | 'other'): { readonly cert: string; readonly key: string; readonly ca: string };
  close(): void;
}

export const createAggregation = (): Aggregation => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-'));
  const [own, other] = ['own', 'other'].map((name) => {
    mkdirSync(join(folder, name));
    return createAuthority(join(folder, name));
  }) as [ReturnType<typeof createAuthority>, ReturnType<typeof createAuthority>];
  own.issue('front-proxy-client', '/CN=front-proxy-client', 'extendedKeyUsage=clientAuth');
  return {
    flags: [
      `--requestheader-client-ca-file=${own.path('ca.crt')}`,
      '--requestheader-allowed-names=front-proxy-client',
      '--requestheader-username-headers=X-Remote-User',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      `--proxy-client-cert-file=${own.path('front-proxy-client.crt')}`,
      `--proxy-client-key-file=${own.path('front-proxy-client.key')}`,
    ],
    certificate: (name, issuer = 'own') => {
      const authority = issuer === 'own' ? own : other;
      authority.issue(name, `/CN=${name}`, 'extendedKeyUsage=clientAuth');
      const read = (file: string): string => readFileSync(authority.path(file), 'utf8');
      return { cert: read(`${name}.crt`), key: read(`${name}.key`), ca: read('ca.crt') };
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
};

/** The names that manifests/install gives them. */
export const apiServiceObjects = (namespace: string, port: number): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'berth-log-api', namespace },
        spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port }] },
      },
      {
        apiVersion: 'apiregistration.k8s.io/v1',
        kind: 'APIService',
        metadata: { name: 'v1alpha1.output.berth.dev' },
        spec: {
          group: 'output.berth.dev',
          version: 'v1alpha1',
          groupPriorityMinimum: 1000,
          versionPriority: 15,
          service: { namespace, name: 'berth-log-api', port },
        },
      },
    ],
  });
