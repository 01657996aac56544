// What every object has, made up from its name.
import { FINALIZER, type ObjectMeta } from '../../controller/api/object.ts';
import { ago } from './time.ts';

/** A minute old, held by our finalizer, and its uid is its name. */
export const metadata = (name: string, overrides: Partial<ObjectMeta> = {}): ObjectMeta => ({
  name,
  namespace: 'default',
  uid: name,
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: ago(60),
  finalizers: [FINALIZER],
  ...overrides,
});
