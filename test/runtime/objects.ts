// Small objects for the runtime's tests.
import type { ObjectMeta } from '../../controller/api/object.ts';
import type { Session, VM } from '../../controller/api/types.generated.ts';

export const metadata = (name: string, resourceVersion: string, more: Partial<ObjectMeta> = {}): ObjectMeta => ({
  name,
  namespace: 'default',
  uid: `uid-of-${name}`,
  resourceVersion,
  generation: 1,
  creationTimestamp: '2026-01-01T00:00:00Z',
  ...more,
});

export const session = (name: string, resourceVersion: string, more: Partial<ObjectMeta> = {}, status?: Session['status']): Session => ({
  apiVersion: 'berth.dev/v1alpha1',
  kind: 'Session',
  metadata: metadata(name, resourceVersion, more),
  spec: { prompt: 'work' },
  ...(status === undefined ? {} : { status }),
});

export const vm = (name: string, pool: string, resourceVersion = '1', more: Partial<ObjectMeta> = {}): VM => ({
  apiVersion: 'berth.dev/v1alpha1',
  kind: 'VM',
  metadata: metadata(name, resourceVersion, more),
  spec: { poolRef: { name: pool }, size: 'l', slots: 4 },
});
