// A controller with nothing to do: what it writes and what CPU it takes, as the kernel counts them.
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openRealWorld, type RealWorld } from '../e2e/real-world.ts';
import { until } from '../session/vm-world.ts';
import type { Bench } from './figure.ts';
import { runFleet } from './fleet.ts';
import { untilCalm, usage } from './process-usage.ts';

const SESSIONS = 1_000;
const WATCHED_MS = 60_000;

export const idle: Bench = async (scale) => {
  const sessions = Math.round(SESSIONS * scale);
  const world = await openRealWorld('bundle');
  try {
    await runFleet(world.root, sessions);
    const controller = world.startController();
    const pid = controller.pid ?? 0;
    await until(async () => ((await world.log()).includes('Started the controller') ? true : undefined), 60_000);
    await untilCalm(pid);
    const [before, filesBefore] = [await usage(pid), await fileTimes(world)];
    const watchedMs = Math.max(1_000, WATCHED_MS * scale);
    await delay(watchedMs);
    const [after, filesAfter] = [await usage(pid), await fileTimes(world)];
    const changed = [...filesAfter].filter(([file, time]) => filesBefore.get(file) !== time);
    controller.kill('SIGTERM');
    await once(controller, 'exit');
    const fixture = `${sessions} finished sessions, ${watchedMs / 1000} s`;
    const cpu = ((after.cpuMs - before.cpuMs) / watchedMs) * 100;
    return [
      { figure: 'idle: files written', value: changed.length, unit: 'files', aim: 0, fixture, bytes: after.written - before.written },
      { figure: 'idle: CPU', value: cpu, unit: '%', aim: 1, fixture, residentKiB: after.residentKiB },
    ];
  } finally {
    await world.close();
  }
};

/** Every file there is, and when it was last written. */
const fileTimes = async ({ manifests, state }: RealWorld): Promise<ReadonlyMap<string, number>> => {
  const entries = await Promise.all(
    [manifests, state].map(async (folder) => (await readdir(folder, { recursive: true })).map((entry) => join(folder, entry))),
  );
  return new Map(await Promise.all(entries.flat().map(async (path) => [path, (await stat(path)).mtimeMs] as const)));
};
