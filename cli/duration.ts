// Durations as people write them: `90s`, `30m`, `2h`, `1d`, `1h30m`.
import { usageError } from './error.ts';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Whole seconds. `option` is named in the error. */
export const parseDuration = (text: string, option: string): number => {
  const parts = [...text.matchAll(/(\d{1,9})([smhd])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text)
    throw usageError(`${option}: "${text}" is not a duration`, 'Write it like 30m, 2h or 1d.');
  return parts.reduce((sum, [, count = '0', unit = 's']) => sum + Number(count) * (SECONDS[unit] ?? 1), 0);
};

/** A whole number not below `least`. */
export const parseCount = (text: string, option: string, least = 0): number => {
  const count = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(count >= least)) throw usageError(`${option}: "${text}" is not a whole number of at least ${least}`);
  return count;
};
