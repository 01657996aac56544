// Keeps our requests within what Azure allows a subscription (AZURE.md 1.5), and sends none before a time that Azure named.
import type { Clock } from '../../api/clock.ts';
import { OperatorError } from '../../api/error.ts';

type Request = 'read' | 'write' | 'delete';

export interface Governor {
  /** Resolves when it is this request's turn. Throws `unavailable` where Azure asked for patience that is not over. */
  admit(request: Request, region: string, signal: AbortSignal | undefined): Promise<void>;
  /** Azure throttles: nothing is sent to this region (or, for requests that name none, at all) for so long. */
  hold(region: string, ms: number): void;
}

/** For requests that concern no region. */
export const EVERYWHERE = '*';

/** Tokens a second, and how many can be saved up: somewhat less than ARM's 25, 10, 10 and 250, 200, 200. */
const BUCKETS: Readonly<Record<Request, { readonly perSecond: number; readonly most: number }>> = {
  read: { perSecond: 20, most: 200 },
  write: { perSecond: 8, most: 150 },
  delete: { perSecond: 8, most: 150 },
};

export const createGovernor = (clock: Clock): Governor => {
  const held = new Map<string, number>();
  const buckets = new Map(Object.entries(BUCKETS).map(([request, { most }]) => [request, { tokens: most, at: clock.monotonic() }]));
  const patience = (region: string): number => {
    const until = Math.max(held.get(region) ?? Number.NEGATIVE_INFINITY, held.get(EVERYWHERE) ?? Number.NEGATIVE_INFINITY);
    return until - clock.monotonic();
  };
  const refuseIfHeld = (region: string): void => {
    const ms = patience(region);
    if (ms <= 0) return;
    const where = region === EVERYWHERE ? 'requests' : `requests to region ${region}`;
    const message = `Azure throttles ${where}: none is sent for another ${Math.ceil(ms / 1000)} s`;
    throw new OperatorError('unavailable', message, { retryAfterMs: ms });
  };
  /** Takes a token, on credit where there is none; returns how long to wait for it. */
  const take = (request: Request): number => {
    const { perSecond, most } = BUCKETS[request];
    const bucket = buckets.get(request) ?? { tokens: most, at: clock.monotonic() };
    const now = clock.monotonic();
    bucket.tokens = Math.min(most, bucket.tokens + ((now - bucket.at) / 1000) * perSecond) - 1;
    bucket.at = now;
    return bucket.tokens >= 0 ? 0 : (-bucket.tokens / perSecond) * 1000;
  };
  return {
    admit: async (request, region, signal) => {
      refuseIfHeld(region);
      const ms = take(request);
      if (ms > 0) await pause(clock, ms, signal);
      refuseIfHeld(region);
    },
    hold: (region, ms) => held.set(region, Math.max(held.get(region) ?? 0, clock.monotonic() + ms)),
  };
};

const pause = (clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = (): void => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', stop);
      resolve();
    });
    signal?.addEventListener('abort', stop, { once: true });
  });
