// Which changes wake which keys. Waking one too many costs a pass that finds nothing to do; one too few is a bug, and
// so the rule is: who observes an object is woken by it.
import { keyOf, keyString, type ObjectKey } from '../api/object.ts';
import type { Session, VM, VMPool } from '../api/types.generated.ts';
import type { View } from '../api/view.ts';
import { isFinished, poolNameOf } from './session/facts.ts';

export interface Wake {
  readonly session: (key: string, after?: number) => void;
  readonly vm: (key: string, after?: number) => void;
  readonly pool: (key: string, after?: number) => void;
}

export interface TriggerViews {
  readonly sessions: View<'Session'>;
  readonly vms: View<'VM'>;
}

export interface Triggers {
  session(before: Session | undefined, after: Session | undefined): void;
  vm(before: VM | undefined, after: VM | undefined): void;
  pool(before: VMPool | undefined, after: VMPool | undefined): void;
  /** Facts of a host, or of one of its sessions, changed. */
  host(vmUID: string, session: ObjectKey | undefined): void;
}

/** Many sessions change at once; one decision serves them all. */
const POOL_DELAY_MS = 20;
/** Facts of a run come in quick succession, as when its program ends at once: what they come to is written once. */
const FACTS_DELAY_MS = 50;

export const createTriggers = (wake: Wake, { sessions, vms }: TriggerViews): Triggers => {
  const wakeVM = (session: Session | undefined): void => {
    const placement = session?.status?.vm;
    if (session && placement) wake.vm(keyString({ namespace: session.metadata.namespace, name: placement.name }));
  };
  const wakeSessionsOn = (vmUID: string): void => {
    for (const session of sessions.byIndex('vmUID', vmUID)) if (needsVM(session)) wake.session(keyString(keyOf(session)));
  };
  return {
    session: (before, after) => {
      const known = after ?? before;
      if (!known) return;
      wake.session(keyString(keyOf(known)));
      if (!concernsOthers(before, after)) return;
      wake.pool(poolKey(known), POOL_DELAY_MS);
      wakeVM(before);
      if (before?.status?.vm?.uid !== after?.status?.vm?.uid) wakeVM(after);
    },
    vm: (before, after) => {
      const known = after ?? before;
      if (!known) return;
      wake.vm(keyString(keyOf(known)));
      wake.pool(keyString({ namespace: known.metadata.namespace, name: known.spec.poolRef.name }), POOL_DELAY_MS);
      wakeSessionsOn(known.metadata.uid);
    },
    pool: (before, after) => {
      const known = after ?? before;
      if (!known) return;
      const key = keyString(keyOf(known));
      wake.pool(key);
      // Only its spec, its deletion, and how it is to go mean anything to them.
      if (before && after && before.metadata.generation === after.metadata.generation && wayToGo(before) === wayToGo(after)) return;
      for (const vm of vms.byIndex('pool', key)) wake.vm(keyString(keyOf(vm)));
      for (const session of sessions.byIndex('pool', key)) wake.session(keyString(keyOf(session)));
    },
    host: (vmUID, session) => {
      if (session) return wake.session(keyString(session), FACTS_DELAY_MS);
      for (const vm of vms.byIndex('uid', vmUID)) {
        wake.vm(keyString(keyOf(vm)));
        wake.pool(keyString({ namespace: vm.metadata.namespace, name: vm.spec.poolRef.name }), POOL_DELAY_MS);
      }
      wakeSessionsOn(vmUID);
    },
  };
};

/** Annotations change no generation, and may well be set on a pool that is being deleted already. */
const wayToGo = ({ metadata: { annotations } }: VMPool): string =>
  `${annotations?.['berth.dev/delete-now']} ${annotations?.['berth.dev/abandon']}`;

const poolKey = (session: Session): string => keyString({ namespace: session.metadata.namespace, name: poolNameOf(session) });

/** A finished session has only its cleanup left on the VM. */
const needsVM = (session: Session): boolean => !isFinished(session) || session.metadata.deletionTimestamp !== undefined;

/** Pool and VM look at placement, start, end, and what the user wants; not at output, which changes all the time. */
const concernsOthers = (before: Session | undefined, after: Session | undefined): boolean => {
  if (!before || !after) return true;
  return (
    before.metadata.generation !== after.metadata.generation ||
    before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp ||
    before.status?.phase !== after.status?.phase ||
    before.status?.vm?.uid !== after.status?.vm?.uid ||
    before.status?.attempt !== after.status?.attempt ||
    gist(before) !== gist(after)
  );
};

const gist = (session: Session): string =>
  (session.status?.conditions ?? [])
    .filter(({ type }) => RELEVANT.has(type))
    .map(({ type, status, reason }) => `${type}=${status}/${reason}`)
    .join();

const RELEVANT = new Set(['Placed', 'Started', 'Finished']);
