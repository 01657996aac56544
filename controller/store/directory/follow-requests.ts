// Takes up requests as they come: told by the file system, and by a regular look should it fail.
import { watch } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../api/clock.ts';
import { errorMessage } from '../../api/error.ts';
import { keyOf, type Resource } from '../../api/object.ts';
import type { Store } from '../store.ts';
import type { Damaged } from './damaged.ts';
import { foldRequests } from './fold-requests.ts';
import type { Objects } from './objects.ts';
import type { ProblemReport } from './problems.ts';

const RESCAN_MS = 2_000;
/** A request may come before its object's file was read. */
const PATIENCE_MS = 3_000;

export interface RequestParts {
  readonly clock: Clock;
  readonly objects: Objects;
  readonly damaged: Pick<Damaged, 'has'>;
  readonly isBusy: () => boolean;
  readonly poke: (isFull: boolean) => void;
  readonly confirm: () => void;
  readonly problems: ProblemReport;
  readonly record: Store['record'];
}

export const followRequests = (folder: string, parts: RequestParts): { fold(): Promise<void>; close(): Promise<void> } => {
  const { clock, objects } = parts;
  /** Objects that requests wait for. */
  const firstSeen = new Map<string, number>();
  let told: ReadonlySet<string> = new Set();
  let isClosed = false;
  let cancel: (() => void) | undefined;
  let running: Promise<void> | undefined;
  let isWanted = false;

  const isExpected = (id: string): boolean => {
    if (parts.damaged.has(id)) return true;
    const since = firstSeen.get(id) ?? clock.monotonic();
    if (!firstSeen.has(id)) parts.poke(true);
    firstSeen.set(id, since);
    return parts.isBusy() || clock.monotonic() - since < PATIENCE_MS;
  };
  const foldAll = async (): Promise<void> => {
    const onRefused = (message: string, stored: Resource | undefined): void => {
      parts.problems.tell(message);
      if (!stored) return;
      parts.record({
        type: 'Warning',
        reason: 'RequestRefused',
        message,
        regarding: { kind: stored.kind, uid: stored.metadata.uid, ...keyOf(stored) },
      });
    };
    const obstacles = new Set<string>();
    const waits = (error: unknown): void => {
      obstacles.add(`a request waits: ${errorMessage(error)}`);
    };
    try {
      const waiting = await foldRequests({
        folder,
        objects,
        clock,
        isExpected,
        onConfirmPrune: parts.confirm,
        onRefused,
        onUnreadable: waits,
      });
      for (const id of firstSeen.keys()) if (!waiting.has(id)) firstSeen.delete(id);
    } catch (error) {
      waits(error);
    }
    for (const text of obstacles) if (!told.has(text)) parts.problems.tell(text);
    told = obstacles;
  };
  const fold = async (): Promise<void> => {
    isWanted = true;
    while (isWanted && !running && !isClosed) {
      isWanted = false;
      running = foldAll();
      await running;
      running = undefined;
    }
  };
  const again = (): void => {
    cancel = clock.after(firstSeen.size > 0 ? RESCAN_MS / 8 : RESCAN_MS, () => void fold().finally(() => !isClosed && again()));
  };
  again();
  const watcher = watchFolder(join(folder, 'requests'), () => void fold());
  return {
    fold,
    close: async () => {
      isClosed = true;
      cancel?.();
      watcher?.close();
      await running;
    },
  };
};

/** Without it (no watches left) the regular look is what remains. */
const watchFolder = (path: string, onChange: () => void): { close(): void } | undefined => {
  try {
    const watcher = watch(path, { persistent: false }, onChange);
    watcher.on('error', () => undefined);
    return watcher;
  } catch {
    return undefined;
  }
};
