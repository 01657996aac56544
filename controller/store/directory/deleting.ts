// The request that an object goes: it gets a deletionTimestamp, and leaves once it has no finalizers.
import { type Clock, timestamp } from '../../api/clock.ts';
import type { Resource } from '../../api/object.ts';
import { parseID } from './manifest-file.ts';
import { DELETE_NOW_ANNOTATION } from './merge.ts';
import type { Objects } from './objects.ts';

export interface DeletionContext {
  readonly objects: Objects;
  readonly clock: Clock;
}

/** `uid`: only that incarnation. `isNow`: a pool's sessions are stopped instead of awaited. */
export const requestDeletion = async (
  { objects, clock }: DeletionContext,
  id: string,
  options: { readonly uid?: string | undefined; readonly isNow?: boolean } = {},
): Promise<void> => {
  const { kind, key } = parseID(id);
  await objects.write(kind, key, (stored) => {
    if (!stored || (options.uid !== undefined && stored.metadata.uid !== options.uid)) return stored;
    return deleting(options.isNow ? atOnce(stored) : stored, clock);
  });
};

const deleting = (stored: Resource, clock: Clock): Resource => {
  if (stored.metadata.deletionTimestamp !== undefined) return stored;
  const metadata = { ...stored.metadata, generation: stored.metadata.generation + 1, deletionTimestamp: timestamp(clock.now()) };
  return { ...stored, metadata };
};

const atOnce = (stored: Resource): Resource => ({
  ...stored,
  metadata: { ...stored.metadata, annotations: { ...stored.metadata.annotations, [DELETE_NOW_ANNOTATION]: 'true' } },
});
