// A controller with nothing to do: what it writes and what CPU it takes, as the kernel counts them.
import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openRealWorld, type RealWorld } from '../e2e/real-world.ts';
import { until } from '../session/vm-world.ts';
import type { Bench } from './figure.ts';
import { runFleet } from './fleet.ts';

const SESSIONS = 1_000;
const WATCHED_MS = 60_000;
const CALM_MS = 5_000;
const TICKS_PER_SECOND = 100;

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

/** It has taken up what it found: no CPU to speak of for a while. */
const untilCalm = async (pid: number): Promise<void> => {
  for (let before = await usage(pid); ; ) {
    await delay(CALM_MS);
    const now = await usage(pid);
    if (now.cpuMs - before.cpuMs < CALM_MS / 20 && now.written === before.written) return;
    before = now;
  }
};

interface Usage {
  readonly cpuMs: number;
  /** Bytes that went to storage; wakeups through pipes and event counters are none. */
  readonly written: number;
  readonly residentKiB: number;
}

const usage = async (pid: number): Promise<Usage> => {
  const [stats, io, status] = await Promise.all(['stat', 'io', 'status'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8')));
  // After the name in parentheses, which may hold anything: utime and stime are the 12th and 13th.
  const fields = (stats ?? '').slice((stats ?? '').lastIndexOf(')') + 2).split(' ');
  return {
    cpuMs: ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND,
    written: Number(/^write_bytes: (\d+)/m.exec(io ?? '')?.[1]),
    residentKiB: Number(/^VmRSS:\s+(\d+)/m.exec(status ?? '')?.[1]),
  };
};

/** Every file there is, and when it was last written. */
const fileTimes = async ({ manifests, state }: RealWorld): Promise<ReadonlyMap<string, number>> => {
  const entries = await Promise.all(
    [manifests, state].map(async (folder) => (await readdir(folder, { recursive: true })).map((entry) => join(folder, entry))),
  );
  return new Map(await Promise.all(entries.flat().map(async (path) => [path, (await stat(path)).mtimeMs] as const)));
};
