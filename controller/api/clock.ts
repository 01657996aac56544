// Time as a value passed in, so that the whole operator runs in a simulation.

export interface Clock {
  /** Wall clock, in milliseconds since the epoch. May jump: never measure a duration with it. */
  now(): number;
  /** Monotonic, in milliseconds, with an arbitrary origin: for durations. */
  monotonic(): number;
  /** Calls back once after `ms`; the returned function cancels. A timer does not keep the process alive. */
  after(ms: number, callback: () => void): () => void;
}

/** RFC 3339 in UTC with whole seconds, the form Kubernetes uses. Asked for one moment over and over, so the last is kept. */
export const timestamp = (ms: number): string => {
  const second = Math.floor(ms / 1000);
  if (second !== latest.second) latest = { second, text: `${new Date(ms).toISOString().slice(0, 19)}Z` };
  return latest.text;
};

let latest = { second: Number.NaN, text: '' };

/** A pool asks for the same times in every pass: looking one up takes a tenth of parsing it. */
export const parseTime = (text: string): number => {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const ms = Date.parse(text);
  if (parsed.size >= MOST_PARSED) parsed.clear();
  parsed.set(text, ms);
  return ms;
};

const MOST_PARSED = 50_000;
const parsed = new Map<string, number>();
