// Looks ten times a second until there is something: gentle where a look starts a process or reads all of /proc.
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../session/vm-world.ts';

const PATIENCE_MS = 60_000;
const PAUSE_MS = 100;

export const eventually = <T>(look: () => Promise<T | undefined>): Promise<T> =>
  until(async () => {
    const found = await look();
    if (found === undefined) await delay(PAUSE_MS);
    return found;
  }, PATIENCE_MS);
