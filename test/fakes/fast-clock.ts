// The real clock, so many times faster: for real connections with pauses of minutes between them.
import type { Clock } from '../../controller/api/clock.ts';
import { systemClock } from '../../controller/runtime/clock.ts';

export const fastClock = (times: number): Clock => ({
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * times,
  after: (ms, callback) => systemClock.after(ms / times, callback),
});
