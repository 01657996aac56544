// Running a program to its end, with what it said.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Ran } from './backing.ts';

export const run = (program: string, args: readonly string[], input = '', env?: NodeJS.ProcessEnv): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], ...(env ? { env } : {}) });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    child.once('error', reject).once('close', (code, signal) => resolve({ code: code ?? (signal ? 128 : 1), stdout, stderr }));
    child.stdin.on('error', () => {}); // it ended without reading
    child.stdin.end(input);
  });

/** One that has ended is not, though its parent has not heard of it yet. */
export const alive = (pid: number): boolean => {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

/** Kills it, and waits until it is gone: before that a new one takes it for running, and finds its port taken. */
export const end = async (pid: number): Promise<void> => {
  signal(pid, 'SIGKILL');
  for (const late = Date.now() + END_MS; alive(pid); await delay(5)) if (Date.now() > late) throw new Error(`process ${pid} does not end`);
};

const END_MS = 30_000;

export const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch {
    // it is gone
  }
};
