// Berth's side of a test cluster: CRDs installed, an Api to it, and a way back to an empty cluster between tests.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Kind } from '../../../controller/api/object.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { connect } from '../../../controller/store/cluster/connect.ts';
import { readAll } from '../../../controller/store/cluster/read.ts';
import { type Api, createApi } from '../../../controller/store/cluster/request.ts';
import { objectPath } from '../../../controller/store/cluster/resources.ts';
import { removeObject } from '../../../controller/store/cluster/store.ts';
import { readManifests } from '../../../controller/store/yaml/read-manifests.ts';
import type { Kube } from './start.ts';

const KINDS: readonly Kind[] = ['Session', 'VM', 'VMPool'];
const CRDS = fileURLToPath(new URL('../../../crds', import.meta.url));

export const installCRDs = async (kube: Kube): Promise<void> => {
  if (kube.variant === 'old') await kube.kubectl(['create', '--validate=false', '-f', '-'], { input: forOldServer() });
  else await kube.kubectl(['apply', '--server-side', '-f', CRDS]);
  await kube.kubectl(['wait', '--for=condition=Established', '--timeout=30s', '-f', CRDS]);
  if (kube.variant === 'given') await wipeGiven(kube);
};

/** Of what other tests left there, and of the namespaces that waited for it. */
const wipeGiven = async (kube: Kube): Promise<void> => {
  const api = await openApi(kube);
  await wipe(api);
  await api.close();
  const leaving = ['wait', '--for=delete', 'namespaces', '--field-selector=status.phase=Terminating', '--timeout=60s'];
  await kube.kubectl(leaving).catch(() => undefined); // none at all is an error too
};

/**
 * A server of 1.20 drops the CEL rules that it does not know where they are created, and refuses to apply them. Built with
 * a later Go it also takes an empty string for null (go-openapi compares it with the zero value): so strings may be null.
 */
const forOldServer = (): string => {
  const documents = readdirSync(CRDS)
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => {
      const read = readManifests(readFileSync(join(CRDS, file), 'utf8'));
      return 'documents' in read ? read.documents.map(({ value }) => value) : [];
    });
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: documents }, (key, node: unknown) =>
    key !== 'items' && mayBeEmpty(node) ? { ...node, nullable: true } : node,
  );
};

const mayBeEmpty = (node: unknown): node is object =>
  typeof node === 'object' &&
  node !== null &&
  'type' in node &&
  node.type === 'string' &&
  !['minLength', 'pattern', 'enum', 'format', 'jsonPath'].some((key) => key in node);

/** Where the CRD server has none of its own: Leases as a CRD, so that controllers can be run on it. */
export const installLeases = async (kube: Kube): Promise<void> => {
  if (kube.variant !== 'crd') return;
  await kube.kubectl(['create', '-f', '-'], { input: JSON.stringify(LEASES) });
  await kube.kubectl(['wait', '--for=condition=Established', '--timeout=30s', `crd/${LEASES.metadata.name}`]);
};

const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const LEASES = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'leases.coordination.k8s.io', annotations: { 'api-approved.kubernetes.io': 'unapproved, for tests' } },
  spec: {
    group: 'coordination.k8s.io',
    scope: 'Namespaced',
    names: { kind: 'Lease', plural: 'leases' },
    versions: [
      { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec: anything } } } },
    ],
  },
};

export const openApi = async (kube: Kube, kubeconfig: string = kube.kubeconfig): Promise<Api> => {
  const connection = await connect({ kubeconfig, monotonic: systemClock.monotonic });
  return createApi(connection, { clock: systemClock, random: Math.random });
};

/** Removes every object of ours, or of these kinds, finalizers or not. */
export const wipe = async (api: Api, kinds: readonly Kind[] = KINDS): Promise<void> => {
  for (const kind of kinds) {
    for (let left = await readAll(api, kind); left.length > 0; left = await readAll(api, kind)) {
      for (const { metadata } of left) {
        const body = { metadata: { finalizers: null } };
        const release = {
          doing: 'release',
          method: 'PATCH',
          path: objectPath(kind, metadata),
          type: 'application/merge-patch+json',
          body,
        } as const;
        if ((metadata.finalizers ?? []).length > 0) await api.send(release).catch(() => undefined);
        await removeObject(api, kind, metadata);
      }
      await delay(20);
    }
  }
};

export const closeAll = async (api: Api, kube: Kube): Promise<void> => {
  await api.close();
  await kube.close();
};
