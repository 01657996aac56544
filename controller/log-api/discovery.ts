// What an API server behind the aggregator tells of itself: the one group, its one version, its one resource. Plain text has
// no schema, so OpenAPI is not served: the aggregator takes the 404 for just that. Pure.
import { OUTPUT_GROUP } from './status.ts';

const VERSION = { groupVersion: `${OUTPUT_GROUP}/v1alpha1`, version: 'v1alpha1' };
const GROUP = { name: OUTPUT_GROUP, versions: [VERSION], preferredVersion: VERSION };

const DOCUMENTS: Readonly<Record<string, object>> = {
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [GROUP] },
  [`/apis/${OUTPUT_GROUP}`]: { kind: 'APIGroup', apiVersion: 'v1', ...GROUP },
  [`/apis/${VERSION.groupVersion}`]: {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: VERSION.groupVersion,
    resources: [{ name: 'sessions/log', singularName: '', namespaced: true, kind: 'SessionLog', verbs: ['get'] }],
  },
};

export const discoveryDocument = (path: string): object | undefined => {
  const plain = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  return Object.hasOwn(DOCUMENTS, plain) ? DOCUMENTS[plain] : undefined;
};
