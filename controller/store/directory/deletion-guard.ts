// Decides which vanished objects may be deleted. Pure: times are monotonic milliseconds, passed in.

const DELETION_SETTLE_MS = 5_000;
const BURST_WINDOW_MS = 60_000;

export interface GuardState {
  /** Objects that no file defines any more, and since when. */
  readonly missing: ReadonlyMap<string, number>;
  /** When objects vanished that have been deleted since. */
  readonly deleted: readonly number[];
  /** So many at once that people must say it is meant. */
  readonly isHeld: boolean;
}

export const EMPTY_GUARD: GuardState = { missing: new Map(), deleted: [], isHeld: false };

export interface GuardLook {
  readonly now: number;
  /** All objects that files should define, the missing ones included. */
  readonly total: number;
  readonly missing: ReadonlySet<string>;
  /** When the last complete scan of a sound root began; undefined when nothing can be said from what is not there. */
  readonly scanBegan: number | undefined;
  readonly isConfirmed: boolean;
}

export interface GuardDecision {
  readonly state: GuardState;
  readonly remove: readonly string[];
  /** When a complete scan is wanted. */
  readonly scanAt?: number;
}

export const guardDeletions = (before: GuardState, look: GuardLook): GuardDecision => {
  const missing = new Map([...look.missing].map((id) => [id, before.missing.get(id) ?? look.now]));
  const deleted = before.deleted.filter((time) => look.now - time < BURST_WINDOW_MS);
  const isHeld = !look.isConfirmed && (isBurst(missing, deleted, look) || (before.isHeld && missing.size > threshold(look.total)));
  const { scanBegan } = look;
  if (isHeld || missing.size === 0) return { state: { missing, deleted, isHeld }, remove: [] };

  const going = new Map([...missing].filter(([, since]) => scanBegan !== undefined && isSettled(since, scanBegan, look.isConfirmed)));
  const left = new Map([...missing].filter(([id]) => !going.has(id)));
  const remove = [...going.keys()];
  // Confirmed deletions do not count towards the next burst.
  const state = { missing: left, deleted: look.isConfirmed ? [] : [...deleted, ...going.values()], isHeld: false };
  if (left.size === 0) return { state, remove };
  return { state, remove, scanAt: Math.max(Math.min(...left.values()) + DELETION_SETTLE_MS, look.now) };
};

const isBurst = (missing: ReadonlyMap<string, number>, deleted: readonly number[], look: GuardLook): boolean => {
  const recent = [...missing.values()].filter((since) => look.now - since < BURST_WINDOW_MS).length;
  return recent > 0 && recent + deleted.length > threshold(look.total + deleted.length);
};

const threshold = (total: number): number => Math.max(10, total * 0.2);

const isSettled = (since: number, scanBegan: number, isConfirmed: boolean): boolean =>
  isConfirmed || scanBegan - since >= DELETION_SETTLE_MS;
