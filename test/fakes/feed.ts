// An async iterable that a test feeds by hand.

export interface Feed<T> {
  push(...items: readonly T[]): void;
  /** Ends the iteration, with the error if one is given. */
  end(error?: unknown): void;
  /** Also ends, quietly, with the signal. */
  iterate(signal: AbortSignal): AsyncGenerator<T, void>;
}

export const createFeed = <T>(): Feed<T> => {
  const items: T[] = [];
  let ended: { readonly error?: unknown } | undefined;
  let wake = Promise.withResolvers<void>();
  const stir = (): void => {
    wake.resolve();
    wake = Promise.withResolvers();
  };
  return {
    push(...more) {
      items.push(...more);
      stir();
    },
    end(error) {
      ended = { error };
      stir();
    },
    async *iterate(signal) {
      signal.addEventListener('abort', stir, { once: true });
      while (!signal.aborted) {
        const item = items.shift();
        if (item !== undefined) yield item;
        else if (ended?.error !== undefined) throw ended.error;
        else if (ended !== undefined) return;
        else await wake.promise;
      }
    },
  };
};
