// The baseline: a plain client-go operator, built beside the project where Go is to be had.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fetchAssets } from '../fakes/kube/fetch-assets.ts';
import { usage } from './process-usage.ts';

export interface PeerRun {
  /** From the start of the program, in milliseconds. */
  readonly syncedAfterMs: number;
  readonly residentKiB: number;
  /** Of the last line, where it came to drive sessions. */
  readonly perSecond?: number;
}

/** Undefined, and why, where there is none. */
export const findPeer = (): { readonly program: string } | { readonly reason: string } => {
  const fetched = fetchAssets('peer');
  return 'folder' in fetched ? { program: join(fetched.folder, 'peer') } : fetched;
};

/** Syncs with what is there; drives it to its end if it has any workers. */
export const runPeer = async (
  program: string,
  options: { readonly kubeconfig: string; readonly sessions: number; readonly workers: number },
): Promise<PeerRun> => {
  const { kubeconfig, sessions, workers } = options;
  const began = performance.now();
  const child = spawn(program, ['-kubeconfig', kubeconfig, '-create=false', '-n', String(sessions), '-workers', String(workers)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let run: PeerRun | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('synced in')) {
      run = { syncedAfterMs: performance.now() - began, residentKiB: (await usage(child.pid ?? 0)).residentKiB };
      if (workers === 0) child.kill('SIGKILL');
    }
    const perSecond = Number(/= ([\d.]+) sessions\/s/.exec(line)?.[1]);
    if (run && perSecond > 0) run = { ...run, perSecond };
  }
  if (run === undefined) throw new Error('the baseline did not sync');
  return run;
};
