// Copies the log of one run into the log store: in order, reported once durable, tried again while the store is full.
import type { Clock } from '../api/clock.ts';
import type { LogStore, LogSummary, RunLog } from '../output/log-store.ts';

export interface LogCopy {
  /** Bytes as they come from the VM, kept until they are stored; what comes while an append is under way goes into the next one, as one. */
  take(offset: number, data: Uint8Array): void;
  /** What lies before `to` and did not come is lost on the VM. */
  skip(to: number): void;
  stop(): void;
}

export interface LogCopyEvents {
  /** More is durable: this is what the store has now. */
  readonly copied: (summary: LogSummary) => void;
  readonly failed: (error: unknown) => void;
}

type Piece = { readonly offset: number; readonly data: Uint8Array } | { readonly hole: number };

const RETRY_MS = 2000;

export const copyLog = (run: RunLog, logs: LogStore, clock: Clock, events: LogCopyEvents): LogCopy => {
  const queue: Piece[] = [];
  let busy = false;
  let stopped = false;
  let cancel = () => {};

  const work = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      while (!stopped && queue[0] !== undefined) {
        const { count, summary } = await store(run, logs, queue[0], queue);
        queue.splice(0, count);
        if (!stopped) events.copied(summary);
      }
      busy = false;
    } catch (error) {
      // Nothing is lost meanwhile: the VM sends no more than what was acknowledged allows.
      cancel = clock.after(RETRY_MS, () => {
        busy = false;
        void work();
      });
      if (!stopped) events.failed(error);
    }
  };
  const add = (piece: Piece) => {
    queue.push(piece);
    void work();
  };
  return {
    take: (offset, data) => add({ offset, data }),
    skip: (hole) => add({ hole }),
    stop: () => {
      stopped = true;
      cancel();
    },
  };
};

/** The first piece, and with bytes all that directly follow: one fsync for them. */
const store = async (run: RunLog, logs: LogStore, first: Piece, queue: readonly Piece[]) => {
  if ('hole' in first) return { count: 1, summary: await logs.skip(run, first.hole) };
  const end = queue.findIndex((piece) => 'hole' in piece);
  const parts = (end < 0 ? queue : queue.slice(0, end)).flatMap((piece) => ('data' in piece ? [piece.data] : []));
  return { count: parts.length, summary: await logs.append(run, first.offset, parts.length === 1 ? first.data : Buffer.concat(parts)) };
};
