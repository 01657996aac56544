// How long after a program wrote a line `berth output --follow` shows it: by way of the VM's log, the controller's copy on
// disk, and another process that reads it.
import { createInterface } from 'node:readline';
import { isTrue } from '../../controller/api/condition.ts';
import { openRealWorld } from '../e2e/real-world.ts';
import { until } from '../session/vm-world.ts';
import { type Bench, percentile } from './figure.ts';

const LINES = 400;
const STARTED_WITHIN_MS = 60_000;

/** Prints its clock 20 times a second, in seconds since the epoch. */
const PROGRAM = `
import sys, time
for _ in range(int(sys.argv[1])):
    print('%.6f' % time.time(), flush=True)
    time.sleep(0.05)
`;

export const follow: Bench = async (scale) => {
  const lines = Math.max(20, Math.round(LINES * scale));
  const world = await openRealWorld('bundle');
  try {
    world.startController();
    await world.apply('Session', 'clock', { command: ['python3', '-c', PROGRAM, String(lines)] });
    await until(async () => (isTrue((await world.session('clock'))?.status?.conditions, 'Started') ? true : undefined), STARTED_WITHIN_MS);
    const reader = world.berth('output', 'clock', '--follow', '--raw', '--no-up');
    if (!reader.stdout) throw new Error('the follower has no output');
    const began = Date.now();
    const delays: number[] = [];
    for await (const line of createInterface({ input: reader.stdout })) {
      const writtenAt = Number(line) * 1000;
      // What was there before the follower looked says nothing of it.
      if (writtenAt > began + 1000 || scale < 1) delays.push(performance.timeOrigin + performance.now() - writtenAt);
    }
    const fixture = `one session, a line each 50 ms, ${delays.length} lines`;
    return [
      {
        figure: 'follow: written to shown, p99',
        value: percentile(delays, 0.99),
        unit: 'ms',
        aim: 200,
        fixture,
        p50: percentile(delays, 0.5),
      },
    ];
  } finally {
    await world.close();
  }
};
