// Which of several controllers acts: leader election over a Lease, by client-go's algorithm (tools/leaderelection), and
// the answer to "may I still act?" that must be asked before each effect, for the algorithm alone does not fence.
import { errorMessage, OperatorError } from '../../api/error.ts';
import { createLeaseRecords, type LeaseOptions, type Stored } from './lease-record.ts';
import { isStatus, wait } from './request.ts';

export interface Election {
  /** Unique to this process. */
  readonly identity: string;
  /** Resolves once we lead; false when the signal came first. To be called once. */
  lead(signal: AbortSignal): Promise<boolean>;
  readonly isLeader: boolean;
  /** What whoever leads tells of itself; undefined while nobody does. */
  leader(): Promise<Readonly<Record<string, string>> | undefined>;
  /** Whether nobody else can have taken over, with a margin for an effect under way. */
  mayAct(): boolean;
  /** Rejects when the lease could not be renewed in time. The process is to end then. */
  readonly lost: Promise<never>;
  /** Stops, and lets the next one lead at once. To be called when nothing acts any more. */
  release(): Promise<void>;
}

export interface ElectionOptions extends LeaseOptions {
  readonly random: () => number;
  readonly onProblem?: (text: string) => void;
  readonly timing?: Timing;
}

export interface Timing {
  /** How long others wait after they last saw the lease renewed. */
  readonly leaseMs: number;
  /** How long we go on without renewing it: shorter, so that we stop before anyone takes over. */
  readonly renewMs: number;
  readonly retryMs: number;
}

const TIMING: Timing = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2_000 };
const JITTER = 1.2;
/** Between standbys that would all look at the same moment. */
const SPREAD_MS = 200;

export const createElection = (options: ElectionOptions): Election => {
  const { clock, random, onProblem, identity, timing = TIMING } = options;
  const records = createLeaseRecords(options, timing.leaseMs);
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => undefined);
  const stop = new AbortController();
  let observed: { readonly stored: Stored; readonly at: number } | undefined;
  let held: { readonly monotonic: number; readonly wall: number } | undefined;
  let renewing = Promise.resolve();

  const observe = (stored: Stored, at: number): void => {
    // Judged by our own clock since the record last changed, never by the times in it (H2).
    if (stored.version !== observed?.stored.version) observed = { stored, at };
  };

  /** Undefined when somebody else wrote in between. */
  const write = async (stored: Stored | undefined, signal: AbortSignal): Promise<boolean | undefined> => {
    const startedAt = { monotonic: clock.monotonic(), wall: clock.now() };
    if (stored !== undefined) {
      observe(stored, clock.monotonic());
      if (!isFree(stored, clock.monotonic())) return false;
    }
    try {
      const written = stored === undefined ? await records.create(signal) : await records.write(stored, signal);
      observed = { stored: written, at: clock.monotonic() };
      held = startedAt;
      return true;
    } catch (error) {
      if (!isStatus(error, 409)) throw error;
      return undefined;
    }
  };

  const take = async (signal: AbortSignal): Promise<boolean> => {
    // The fast path of a leader: renew on the version that it wrote itself. Only where that fails it reads and judges anew.
    const own = held === undefined ? undefined : observed?.stored;
    const renewed = own === undefined ? undefined : await write(own, signal);
    return renewed ?? (await write(await records.read(signal), signal)) ?? false;
  };

  const isFree = ({ holder, leaseMs }: Stored, now: number): boolean =>
    holder === '' || holder === identity || (observed !== undefined && now - observed.at >= leaseMs);

  const tryTaking = async (): Promise<boolean> => {
    // A request that hangs must not outlive the time in which it could still help.
    const limit = new AbortController();
    const cancel = clock.after(timing.renewMs / 2, () => limit.abort());
    try {
      return await take(AbortSignal.any([limit.signal, stop.signal]));
    } catch (error) {
      if (!stop.signal.aborted) onProblem?.(`cannot take or renew the lease ${records.name}: ${errorMessage(error)}`);
      return false;
    } finally {
      cancel();
    }
  };

  const renew = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await wait(clock, timing.retryMs, stop.signal);
      if (stop.signal.aborted || (await tryTaking())) continue;
      if (stop.signal.aborted || mayAct()) continue;
      const stored = observed?.stored;
      held = undefined;
      const who =
        stored && stored.holder !== identity ? `${stored.holder || 'nobody'} holds it` : `not renewed for ${timing.renewMs / 1000} s`;
      return lost.reject(
        new OperatorError('unavailable', `the lease ${records.name} was lost (${who}): stopping, for another controller may lead`),
      );
    }
  };

  /**
   * Both clocks: the monotonic one stands still while the machine sleeps, and the other one may be set. A wall clock set
   * forward only makes us careful until the next renewal.
   */
  const mayAct = (): boolean => {
    if (held === undefined || stop.signal.aborted) return false;
    if (observed?.stored.holder !== identity) return false;
    return clock.monotonic() - held.monotonic < timing.renewMs && clock.now() - held.wall < timing.renewMs;
  };

  return {
    identity,
    get isLeader() {
      return held !== undefined;
    },
    mayAct,
    lost: lost.promise,
    leader: async () => {
      const stored = await records.read();
      return stored === undefined || stored.holder === '' ? undefined : stored.annotations;
    },
    lead: async (signal) => {
      while (!signal.aborted && !stop.signal.aborted) {
        if (await tryTaking()) {
          renewing = renew();
          return true;
        }
        // Looks again when the lease runs out, rather than up to a whole pause later.
        const left = observed === undefined ? 0 : observed.at + observed.stored.leaseMs - clock.monotonic();
        const pause = timing.retryMs * (1 + random() * JITTER);
        await wait(clock, left > 0 ? Math.min(pause, left + random() * SPREAD_MS) : pause, signal);
      }
      return false;
    },
    release: async () => {
      const wasHeld = held !== undefined;
      stop.abort();
      await renewing;
      held = undefined;
      if (wasHeld && observed?.stored.holder === identity) await records.free(observed.stored).catch(() => undefined);
    },
  };
};
