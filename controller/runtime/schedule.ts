// The order in which queued keys come up: by priority once they are due, by time until then.
import { createHeap } from './heap.ts';

export interface Item {
  readonly key: string;
  /** By the monotonic clock, in milliseconds. */
  readonly dueAt: number;
  readonly priority: number;
  readonly sequence: number;
}

export interface Schedule {
  /** `live` is how many items the caller still means. */
  add(item: Item, live: number): void;
  /** When the first item that is not yet due will be; asked after `next`. */
  dueAt(): number | undefined;
  next(now: number): Item | undefined;
}

/**
 * A changed item is added again, and the one it replaced is skipped when it comes up (`current` says no). Those are
 * dropped in bulk once they are most of what waits: a key with a far-off time may change often before then.
 */
export const createSchedule = (current: (item: Item) => boolean): Schedule => {
  const due = createHeap<Item>((a, b) => b.priority - a.priority || a.dueAt - b.dueAt || a.sequence - b.sequence);
  let later = createHeap<Item>((a, b) => a.dueAt - b.dueAt || a.sequence - b.sequence);

  const skip = (heap: typeof due): Item | undefined => {
    for (let item = heap.peek(); item !== undefined; item = heap.peek()) {
      if (current(item)) return item;
      heap.pop();
    }
    return undefined;
  };

  return {
    add(item, live) {
      later.push(item);
      if (later.size > 2 * live + 64) later = later.filter(current);
    },
    dueAt: () => skip(later)?.dueAt,
    next(now) {
      for (let item = skip(later); item !== undefined && item.dueAt <= now; item = skip(later)) {
        later.pop();
        due.push(item);
      }
      const item = skip(due);
      if (item !== undefined) due.pop();
      return item;
    },
  };
};
