// What an API server needs to pass requests on to servers behind it: an authority of its own for its client certificate, and
// for each such server a Service that leads to the loopback and an APIService that names it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from './certificates.ts';

export interface Aggregation {
  /** Of the API server. */
  readonly flags: readonly string[];
  close(): void;
}

export const createAggregation = (): Aggregation => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-'));
  const own = createAuthority(folder);
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
