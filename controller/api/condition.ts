// Conditions as Kubernetes defines them (metav1.Condition): observations, keyed by type.

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly observedGeneration?: number;
  /** When `status` last changed; reason and message may change without it. */
  readonly lastTransitionTime: string;
  readonly reason: string;
  readonly message: string;
}

export type ConditionUpdate = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/** Asked of every session and VM in every pass of a pool: a loop, as a callback takes several times as long. */
export const findCondition = (conditions: readonly Condition[] | undefined, type: string): Condition | undefined => {
  if (conditions === undefined) return undefined;
  for (const condition of conditions) if (condition.type === type) return condition;
  return undefined;
};

export const isTrue = (conditions: readonly Condition[] | undefined, type: string): boolean =>
  findCondition(conditions, type)?.status === 'True';

/**
 * `conditions` with `updates` applied in place, new ones at the end; types in `absent` are removed (Reconciling and
 * Stalled may only be present while True: kstatus). `time` is used only where the status really changes.
 */
export const setConditions = (
  conditions: readonly Condition[] | undefined,
  updates: readonly ConditionUpdate[],
  at: { readonly time: string; readonly generation: number },
  absent: readonly string[] = [],
): readonly Condition[] => {
  const byType = new Map((conditions ?? []).map((condition) => [condition.type, condition]));
  for (const type of absent) byType.delete(type);
  for (const update of updates) {
    const before = byType.get(update.type);
    if (before && isUnchanged(before, update, at.generation)) continue;
    const lastTransitionTime = before?.status === update.status ? before.lastTransitionTime : at.time;
    byType.set(update.type, { ...update, observedGeneration: at.generation, lastTransitionTime });
  }
  return [...byType.values()];
};

/** Then it stays the very same, and is seen to be so at a glance. */
const isUnchanged = (before: Condition, update: ConditionUpdate, generation: number): boolean =>
  before.status === update.status &&
  before.reason === update.reason &&
  before.message === update.message &&
  before.observedGeneration === generation;
