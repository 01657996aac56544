// What a session's recorded state means to every reconciler: the few facts of status that decisions may rest on.
import { findCondition, isTrue } from '../../api/condition.ts';
import { DEFAULT_SESSION_MEMORY_MIB } from '../../api/sizes.ts';
import type { Session } from '../../api/types.generated.ts';

export const isFinished = (session: Session): boolean => isTrue(session.status?.conditions, 'Finished');

/**
 * Whether this attempt's command was started. `launching` is the intent, recorded before the launch: from then on the
 * command may run, so the attempt is never launched on another VM. `lost` ended with its VM: a new attempt may start.
 */
export type Started = 'no' | 'launching' | 'yes' | 'lost';

export const startedOf = (session: Session): Started => {
  const condition = findCondition(session.status?.conditions, 'Started');
  if (condition?.status === 'True') return 'yes';
  if (condition?.status === 'Unknown') return 'launching';
  return condition?.reason === 'VMLost' ? 'lost' : 'no';
};

/** The attempt that is placed, or the next to be. */
export const attemptOf = (session: Session): number => session.status?.attempt ?? 1;

/** For messages. */
export const vmNameOf = (session: Session): string => session.status?.vm?.name ?? '';

/**
 * The uid of the VM that an unfinished session takes a slot of. A lost attempt takes none: its end is recorded, though its
 * VM may live on and its placement stands until the next.
 */
export const occupiedVM = (session: Session): string | undefined => (startedOf(session) === 'lost' ? undefined : session.status?.vm?.uid);

export const memoryOf = (session: Session): number => session.spec.memoryMiB ?? DEFAULT_SESSION_MEMORY_MIB;

export const poolNameOf = (session: Session): string => session.spec.poolRef?.name ?? 'default';
