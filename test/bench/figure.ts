// One measured number: what it is, what it should be, and how busy the machine was meanwhile.
import { loadavg } from 'node:os';

export interface Figure {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  /** At most this much is wanted; absent where the number only informs. */
  readonly aim?: number;
  readonly fixture: string;
  readonly [more: string]: unknown;
}

/** `scale` 1 is the size that the aims are for; tests run a small part of it. */
export type Bench = (scale: number) => Promise<readonly Figure[]>;

/** An aim missed by more than a quarter is not met. */
export const report = (figure: Figure): string => {
  const { value, aim } = figure;
  const met = aim === undefined ? {} : { met: value <= aim * 1.25 };
  return JSON.stringify({ ...figure, value: round(value), ...met, load: loadavg().map(round) });
};

export const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;

export const median = (values: readonly number[]): number => percentile(values, 0.5);

export const milliseconds = async (run: () => unknown): Promise<number> => {
  const began = performance.now();
  await run();
  return performance.now() - began;
};

const round = (value: number): number => Number(value.toPrecision(4));
