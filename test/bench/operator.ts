// The whole operator on the real directory store and log store, with very many short sessions.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench } from './figure.ts';
import { runFleet } from './fleet.ts';

const SESSIONS = 10_000;

export const operator: Bench = async (scale) => {
  const sessions = Math.round(SESSIONS * scale);
  const root = await mkdtemp(join(tmpdir(), 'berth-bench-'));
  try {
    const { seconds, writes } = await runFleet(root, sessions);
    const all = Object.values(writes).reduce((sum, count) => sum + count, 0);
    const fixture = `${sessions} sessions of 20 ms, at most 1,600 at once; directory store, log store on disk`;
    return [
      {
        figure: 'operator: milliseconds a session',
        value: (seconds * 1000) / sessions,
        unit: 'ms',
        fixture,
        sessionsPerSecond: sessions / seconds,
      },
      { figure: 'operator: store writes a session', value: all / sessions, unit: 'writes', aim: 6, fixture, writes },
    ];
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};
