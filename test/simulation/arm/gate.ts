// What Azure refuses whoever asks, whatever for: while it is out of order, while our login may do nothing, and while it
// throttles a region, or everything.
import { ARMError, errorOf, refuse } from '../../fakes/azure/arm-error.ts';
import type { Timeline } from '../../fakes/timeline.ts';
import type { Faults } from '../faults.ts';
import type { Sent } from './sdk.ts';

export interface Gate {
  /** Throws the refusal. */
  admit(request: Pick<Sent, 'method' | 'region'>): void;
  /** Every request fails so until told otherwise. */
  setProblem(problem: 'unavailable' | 'denied' | undefined): void;
  /** `*`: requests that concern no region. */
  throttle(region: string, ms: number): void;
}

export const createGate = (timeline: Timeline, faults: Faults): Gate => {
  const until = new Map<string, number>();
  let problem: 'unavailable' | 'denied' | undefined;
  return {
    setProblem: (now) => {
      problem = now;
    },
    throttle: (region, ms) => until.set(region, timeline.elapsed() + ms),
    admit: ({ region }) => {
      if (problem === 'unavailable') throw refuse(503, 'ServiceUnavailable', 'The service is not available (simulated).');
      if (problem === 'denied' || faults.strikes('deniedCall')) throw errorOf('authorization_failed', NOT_OURS);
      const left = (until.get(region) ?? 0) - timeline.elapsed();
      if (left > 0 && faults.isActive()) throw throttled(left);
    },
  };
};

const NOT_OURS = { client: 'berth', oid: 'berth', action: 'write', scope: 'the subscription' };

const throttled = (ms: number): ARMError => {
  const { status, failure } = errorOf('throttled_arm');
  return new ARMError(status, failure, { headers: { 'Retry-After': String(Math.ceil(ms / 1000)) } });
};
