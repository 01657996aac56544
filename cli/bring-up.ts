// Brings a background controller up where none runs and something is unfinished, says so, and waits for its first look.
import { setTimeout as delay } from 'node:timers/promises';
import type { Session } from '../controller/api/types.generated.ts';
import type { Client, Holder } from '../controller/store/client.ts';
import type { Context } from './context.ts';
import { CliError, EXIT, interrupted } from './error.ts';
import type { Target } from './parts.ts';
import { isFinished } from './session.ts';

const FIRST_LOOK_MS = 10_000;
const POLL_MS = 50;

export interface BringUpOptions {
  readonly context: Context;
  readonly client: Client;
  readonly target: Target;
  /** False with `--no-up`. */
  readonly up: boolean;
  /** Bring it up even if all there is has finished: something new is coming. */
  readonly always?: boolean;
}

/** Whether a controller runs now, brought up or found. */
export const bringUp = async ({ context, client, target, up, always = false }: BringUpOptions): Promise<boolean> => {
  if ((await client.holder()) !== undefined) return true;
  if (client.isInstalled) {
    context.stderr.write('No controller holds the lease of this cluster: nothing will happen until one runs.\n');
    return false;
  }
  if (!up) return false;
  if (!always && (await client.list('Session', { brief: true })).every(isFinished) && !(await context.parts.hasUnread(target)))
    return false;
  const { holder } = await startController(context, client, target);
  context.stderr.write(
    `No controller was running: started one in the background (pid ${holder.pid}). Stop it with '${context.invokedAs} down'.\n`,
  );
  return true;
};

/** Starts a controller and waits until it holds the store and has looked at what was unfinished. */
export const startController = async (
  context: Context,
  client: Client,
  target: Target,
): Promise<{ readonly holder: Holder; readonly log: string }> => {
  const since = performance.now();
  const { pid, log } = await context.parts.spawnController(target);
  const left = (): boolean => performance.now() - since < FIRST_LOOK_MS;
  let holder = await client.holder();
  while (holder === undefined && left() && isAlive(pid)) {
    await pause(context);
    holder = await client.holder();
  }
  if (holder === undefined)
    throw new CliError('the controller did not come up', { exit: EXIT.unreachable, hint: `Its log says why: ${log}` });
  while (left() && !(await hasLooked(context, client, target))) await pause(context);
  return { holder, log };
};

/** What a status says may be from before the start: the controller tells when it has looked at the VMs. */
const hasLooked = async (context: Context, client: Client, target: Target): Promise<boolean> =>
  (await client.holder())?.lookedTime !== undefined &&
  (await client.list('Session')).every(isSeen) &&
  !(await context.parts.hasUnread(target));

const pause = async (context: Context): Promise<void> => {
  await delay(POLL_MS);
  if (context.interrupted.aborted) throw interrupted();
};

const isSeen = (session: Session): boolean => isFinished(session) || session.status?.observedGeneration === session.metadata.generation;

/** True also for a process that is not ours to signal. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};
