// A binary heap: the smallest item first, by the order given.

export interface Heap<T> {
  readonly size: number;
  push(item: T): void;
  peek(): T | undefined;
  pop(): T | undefined;
  /** A new heap of the items that pass. */
  filter(keep: (item: T) => boolean): Heap<T>;
}

export const createHeap = <T>(compare: (a: T, b: T) => number): Heap<T> => {
  const items: T[] = [];
  /** Puts the item where it belongs between this place and the root. */
  const rise = (item: T, from: number): void => {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent] as T;
      if (compare(item, above) >= 0) break;
      items[at] = above;
      at = parent;
    }
    items[at] = item;
  };

  /** Puts the item where it belongs below the root. */
  const sink = (item: T): void => {
    let at = 0;
    for (let child = 1; child < items.length; child = 2 * at + 1) {
      if (child + 1 < items.length && compare(items[child + 1] as T, items[child] as T) < 0) child += 1;
      const below = items[child] as T;
      if (compare(below, item) >= 0) break;
      items[at] = below;
      at = child;
    }
    items[at] = item;
  };

  return {
    get size() {
      return items.length;
    },
    push(item) {
      items.push(item);
      rise(item, items.length - 1);
    },
    peek: () => items[0],
    pop() {
      const first = items[0];
      const last = items.pop();
      if (items.length > 0) sink(last as T);
      return first;
    },
    filter(keep) {
      const kept = createHeap(compare);
      for (const item of items.filter(keep)) kept.push(item);
      return kept;
    },
  };
};
