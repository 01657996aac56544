// The time it is in these worlds, and times told from it in seconds.
import { timestamp } from '../../controller/api/clock.ts';

export const NOW = Date.parse('2026-01-01T12:00:00Z');

/** `seconds` before now (after it, where negative), as objects have it. */
export const ago = (seconds: number): string => timestamp(NOW - seconds * 1000);
