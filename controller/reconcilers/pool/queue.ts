// The queue of a pool: who is to be placed, in the order in which they are (SPEC 3.1), and what each of them needs.
import type { Session } from '../../api/types.generated.ts';
import { memoryOf } from '../session/facts.ts';
import type { Demand } from './fleet.ts';

/**
 * A session to be placed. Side by side what the order goes by and what it needs: both are looked at many times, and ten
 * thousand objects as they are read are scattered over more memory than a processor has at hand.
 */
export interface Pending extends Demand {
  readonly session: Session;
  readonly since: string;
  readonly name: string;
}

/**
 * Higher priority first, then the older, then by name. One priority after another, as those of one mostly come in the
 * order of their age or name already, and a sort of what is nearly sorted takes little more than a look at each.
 */
export const queue = (sessions: readonly Session[]): readonly Pending[] =>
  [...Map.groupBy(sessions, ({ spec }) => spec.priority ?? 0)]
    .toSorted(([a], [b]) => b - a)
    .flatMap(([, group]) => group.map(pendingOf).toSorted(byAgeThenName));

const pendingOf = (session: Session): Pending => ({
  session,
  size: session.spec.size,
  region: session.spec.region,
  memoryMiB: memoryOf(session),
  since: session.metadata.creationTimestamp,
  name: session.metadata.name,
});

const byAgeThenName = (a: Pending, b: Pending): number => compare(a.since, b.since) || compare(a.name, b.name);

const compare = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);

/** Within one class the order of the queue is strict: who comes later needs just as much. */
export const classOf = (demand: Demand): string => `${demand.size ?? ''} ${demand.region ?? ''} ${demand.memoryMiB}`;
