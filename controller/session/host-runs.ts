// The runs of one host as last seen: what the VM says of them, joined with what of their logs is in the log store.
import type { Clock } from '../api/clock.ts';
import type { LogName, LogStore } from '../output/log-store.ts';
import type { Frame, VMRun } from './frames.ts';
import type { RunFacts } from './host.ts';
import { copyLog, type LogCopy } from './log-copy.ts';

/** What goes back to the VM: `follow` asks for a log from an offset on, `ack` says what is durable. */
export type StreamRequest =
  | { readonly run: string; readonly follow: true; readonly offset: number }
  | { readonly run: string; readonly ack: true; readonly offset: number };

export interface HostRuns {
  facts(): ReadonlyMap<string, RunFacts>;
  /** `send` is the way back of the connection that the frame came from. */
  take(frame: Frame, send: (request: StreamRequest) => void): Promise<void>;
  /** From here on a new connection: it tells everything anew. */
  restart(): void;
  /** Facts the VM gave in its answer to a command, ahead of the stream. */
  learn(run: string, facts: VMRun): Promise<void>;
  stop(): void;
}

export interface HostRunsOptions {
  readonly logs: LogStore;
  readonly clock: Clock;
  readonly changed: (session: LogName) => void;
  readonly failed: (session: LogName, error: unknown) => void;
}

/** A quarter of what the VM sends ahead (vm/stream.py). To acknowledge every line would cost both ends as much as the line. */
const ACKNOWLEDGED_BYTES = 262_144;
/** Growth of a log alone is told so often at most; everything else at once. */
const GROWTH_MS = 1000;

export const trackRuns = ({ logs, clock, changed, failed }: HostRunsOptions): HostRuns => {
  let runs: ReadonlyMap<string, RunFacts> = new Map();
  let seen = new Set<string>();
  const copies = new Map<string, LogCopy>();
  const growing = new Map<string, () => void>();

  const put = (key: string, facts: RunFacts | undefined) => {
    const next = new Map(runs);
    if (facts === undefined) next.delete(key);
    else next.set(key, facts);
    runs = next;
  };
  const tell = (key: string, session: LogName) => {
    growing.get(key)?.();
    growing.delete(key);
    changed(session);
  };
  const tellGrowth = (key: string, session: LogName) => {
    if (!growing.has(key))
      growing.set(
        key,
        clock.after(GROWTH_MS, () => tell(key, session)),
      );
  };
  const update = (key: string, change: (facts: RunFacts) => Partial<RunFacts>) => {
    const before = runs.get(key);
    if (before === undefined) return;
    const after = { ...before, ...change(before) };
    put(key, { ...after, logBytes: Math.max(after.logBytes, after.copied.bytes) });
    if (after.exit && after.copied.bytes >= after.logBytes) tell(key, after.session);
    else tellGrowth(key, after.session);
  };
  const learn = async (key: string, told: VMRun, answer = false) => {
    const copied = runs.get(key)?.copied ?? (await logs.summary(told.session));
    if (answer && runs.has(key)) return;
    // Bytes that were copied may be missing on a VM that lost its power: the log ends where the copy does then.
    const logBytes = Math.max(told.logBytes, copied.bytes, runs.get(key)?.logBytes ?? 0);
    put(key, { ...told, logBytes: told.exit ? Math.max(told.logBytes, copied.bytes) : logBytes, copied });
    tell(key, told.session);
  };
  const follow = async (key: string, { session, attempt }: VMRun, send: (request: StreamRequest) => void) => {
    copies.get(key)?.stop();
    const copied = await logs.summary(session);
    update(key, () => ({ copied }));
    let acknowledged = copied.bytes;
    copies.set(
      key,
      copyLog({ ...session, attempt }, logs, clock, {
        copied: (summary) => {
          update(key, () => ({ copied: summary }));
          if (summary.bytes - acknowledged < ACKNOWLEDGED_BYTES) return;
          acknowledged = summary.bytes;
          send({ run: key, ack: true, offset: acknowledged });
        },
        failed: (error) => failed(session, error),
      }),
    );
    send({ run: key, follow: true, offset: copied.bytes });
  };
  const forget = (key: string) => {
    const session = runs.get(key)?.session;
    copies.get(key)?.stop();
    copies.delete(key);
    seen.delete(key);
    put(key, undefined);
    if (session) tell(key, session);
  };
  const stopCopies = () => {
    for (const copy of copies.values()) copy.stop();
    copies.clear();
  };

  return {
    facts: () => runs,
    // The stream is never behind its own words, but an answer may be: by now the run may have ended.
    learn: (key, told) => learn(key, told, true),
    take: async (frame, send) => {
      switch (frame.t) {
        case 'run':
          await learn(frame.run, frame.facts);
          if (!seen.has(frame.run)) {
            seen.add(frame.run);
            await follow(frame.run, frame.facts, send);
          }
          return;
        case 'gone':
          return forget(frame.run);
        case 'hole':
          return copies.get(frame.run)?.skip(frame.to);
        case 'log':
          update(frame.run, ({ logBytes }) => ({ logBytes: Math.max(logBytes, frame.offset + frame.bytes) }));
          return copies.get(frame.run)?.take(frame.offset, frame.data);
        case 'synced':
          // What an earlier connection saw and this one does not is gone.
          for (const key of runs.keys()) if (!seen.has(key)) forget(key);
          return;
        case 'beat':
          return;
      }
    },
    restart: () => {
      seen = new Set();
      stopCopies();
    },
    stop: () => {
      stopCopies();
      for (const cancel of growing.values()) cancel();
    },
  };
};
