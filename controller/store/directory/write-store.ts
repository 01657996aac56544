// The Store that reconcilers write to: preconditions checked, one object a write.
import { isTrue } from '../../api/condition.ts';
import { OperatorError } from '../../api/error.ts';
import { type Kind, type Kinds, keyString, type ObjectKey, type Resource } from '../../api/object.ts';
import type { Precondition, Store } from '../store.ts';
import type { Damaged } from './damaged.ts';
import { requestDeletion } from './deleting.ts';
import { objectID } from './manifest-file.ts';
import { type Objects, requireFree } from './objects.ts';
import { newResource } from './resolve.ts';
import { readSecret } from './secrets.ts';
import { isKey } from './state-folder.ts';

export interface StoreParts {
  readonly folder: string;
  readonly objects: Objects;
  readonly context: Parameters<typeof newResource>[3] & { readonly record: Store['record'] };
  readonly damaged: Pick<Damaged, 'refuse'>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** At phase changes and at the end, where status is worth a change of the user's own file. */
  readonly onMilestone: (object: Resource) => void;
}

export const createStore = ({ folder, objects, context, damaged, environment, onMilestone }: StoreParts): Store => ({
  watch: objects.watch,
  get: async (kind, key) => {
    const stored = objects.get(kind, key);
    if (!stored) damaged.refuse(`read ${kind} ${keyString(key)}`, kind, (other) => keyString(other) === keyString(key));
    return stored;
  },
  list: async (kind) => {
    damaged.refuse(`list all of kind ${kind}`, kind);
    return objects.list(kind);
  },
  create: async (kind, { metadata, spec }) => {
    const key = { namespace: metadata.namespace, name: metadata.name };
    if (!isKey(key)) throw new OperatorError('invalid', `cannot create ${kind} ${keyString(key)}: that is no valid name`);
    damaged.refuse(`create ${kind} ${keyString(key)}`, kind, (other) => countsWith(kind, key, other));
    const created = await objects.write(kind, key, (stored) => {
      requireFree(kind, key, stored);
      return newResource(kind, metadata, spec, context) as typeof stored;
    });
    return known(created);
  },
  patchStatus: async (kind, at, status) => {
    let before: Resource | undefined;
    const after = known(
      await objects.write(kind, at, (stored) => {
        before = current(kind, at, stored);
        return { ...current(kind, at, stored), status };
      }),
    );
    if (before && isMilestone(before, after)) onMilestone(after);
    return after;
  },
  patchFinalizers: async (kind, at, finalizers) =>
    known(
      await objects.write(kind, at, (stored) => {
        const object = current(kind, at, stored);
        const { finalizers: _, ...metadata } = object.metadata;
        return { ...object, metadata: finalizers.length === 0 ? metadata : { ...metadata, finalizers } };
      }),
    ),
  delete: (kind, at) => requestDeletion({ objects, clock: context.clock }, objectID(kind, at), { uid: at.uid }),
  secret: async (key) => readSecret(folder, environment, key),
  record: context.record,
});

/** VMs are named `<pool>-<n>`: with one that cannot be read, nobody knows whether its pool may have another. */
const countsWith = (kind: Kind, key: ObjectKey, other: ObjectKey): boolean =>
  kind === 'VM' ? groupOf(key) === groupOf(other) : keyString(key) === keyString(other);

const groupOf = (key: ObjectKey): string => keyString(key).replace(/-\d+$/, '');

const current = <K extends Kind>(kind: K, at: Precondition, stored: Kinds[K] | undefined): Kinds[K] => {
  if (stored?.metadata.uid === at.uid && stored.metadata.resourceVersion === at.resourceVersion) return stored;
  const why = stored?.metadata.uid === at.uid ? 'it was changed meanwhile' : 'it is gone';
  throw new OperatorError('conflict', `cannot write ${kind} ${keyString(at)}: ${why}`);
};

const known = <T>(object: T | undefined): T => {
  if (object === undefined) throw new OperatorError('bug', 'a write ended without an object');
  return object;
};

const isMilestone = (before: Resource, after: Resource): boolean => {
  if (after.kind !== 'Session' || before.kind !== 'Session') return false;
  return (
    before.status?.phase !== after.status?.phase ||
    isTrue(before.status?.conditions, 'Finished') !== isTrue(after.status?.conditions, 'Finished')
  );
};
