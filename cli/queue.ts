// The place of each session that waits for a slot, in the order its pool places them.
import { keyString } from '../controller/api/object.ts';
import type { Session } from '../controller/api/types.generated.ts';
import { byCreation, isFinished, poolOf } from './session.ts';

/** From 1, within each pool; keyed by `namespace/name`. Computed, never stored: every arrival would change them all. */
export const queuePositions = (sessions: readonly Session[]): ReadonlyMap<string, number> => {
  const lengths = new Map<string, number>();
  const positions = new Map<string, number>();
  for (const session of sessions.filter(isQueued).sort(byTurn)) {
    const pool = keyString({ namespace: session.metadata.namespace, name: poolOf(session) });
    const position = (lengths.get(pool) ?? 0) + 1;
    lengths.set(pool, position);
    positions.set(keyString(session.metadata), position);
  }
  return positions;
};

const isQueued = (session: Session): boolean =>
  session.status?.vm === undefined &&
  !isFinished(session) &&
  session.metadata.deletionTimestamp === undefined &&
  session.spec.shutdown === undefined;

const byTurn = (a: Session, b: Session): number => (b.spec.priority ?? 0) - (a.spec.priority ?? 0) || byCreation(a, b);
