// What the kernel counts of another process.
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

export interface Usage {
  readonly cpuMs: number;
  /** Bytes that went to storage; wakeups through pipes and event counters are none. */
  readonly written: number;
  readonly residentKiB: number;
}

const CALM_MS = 5_000;
const TICKS_PER_SECOND = 100;

/** It has taken up what it found: no CPU to speak of for a while. */
export const untilCalm = async (pid: number): Promise<void> => {
  for (let before = await usage(pid); ; ) {
    await delay(CALM_MS);
    const now = await usage(pid);
    if (now.cpuMs - before.cpuMs < CALM_MS / 20 && now.written === before.written) return;
    before = now;
  }
};

export const usage = async (pid: number): Promise<Usage> => {
  const [stats, io, status] = await Promise.all(['stat', 'io', 'status'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8')));
  // After the name in parentheses, which may hold anything: utime and stime are the 12th and 13th.
  const fields = (stats ?? '').slice((stats ?? '').lastIndexOf(')') + 2).split(' ');
  return {
    cpuMs: ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND,
    written: Number(/^write_bytes: (\d+)/m.exec(io ?? '')?.[1]),
    residentKiB: Number(/^VmRSS:\s+(\d+)/m.exec(status ?? '')?.[1]),
  };
};
