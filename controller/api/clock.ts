// Time as a value passed in, so that the whole operator runs in a simulation.

export interface Clock {
  /** Wall clock, in milliseconds since the epoch. May jump: never measure a duration with it. */
  now(): number;
  /** Monotonic, in milliseconds, with an arbitrary origin: for durations. */
  monotonic(): number;
  /** Calls back once after `ms`; the returned function cancels. A timer does not keep the process alive. */
  after(ms: number, callback: () => void): () => void;
}

/** RFC 3339 in UTC with whole seconds, the form Kubernetes uses. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

export const parseTime = (text: string): number => Date.parse(text);
