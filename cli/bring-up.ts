// Brings a background controller up where none runs and something is unfinished, says so, and waits for its first look.
import { setTimeout as delay } from 'node:timers/promises';
import type { ObjectKey } from '../controller/api/object.ts';
import type { Session } from '../controller/api/types.generated.ts';
import type { Client, Holder } from '../controller/store/client.ts';
import type { Context } from './context.ts';
import { CliError, EXIT, interrupted, unreachable } from './error.ts';
import type { Target } from './parts.ts';
import { isFinished } from './session.ts';

const FIRST_LOOK_MS = 10_000;
const READING_MS = 10_000;
const POLL_MS = 50;
const WATCH_MS = 1000;
/** A restart of the controller by somebody else takes less. */
const GONE_MS = 3000;

export interface BringUpOptions {
  readonly context: Context;
  readonly client: Client;
  readonly target: Target;
  /** False with `--no-up`. */
  readonly up: boolean;
  /** Bring it up even if all there is has finished: something new is coming. */
  readonly always?: boolean;
  /** Says that one was started; on stderr unless somebody draws there. */
  readonly say?: (text: string) => void;
}

/** Whether a controller runs now, brought up or found. */
export const bringUp = async (options: BringUpOptions): Promise<boolean> => {
  const { context, client, target, up, always = false, say = (text) => context.stderr.write(text) } = options;
  if ((await client.holder()) !== undefined) return true;
  if (client.isInstalled) {
    say('No controller holds the lease of this cluster: nothing will happen until one runs.\n');
    return false;
  }
  if (!up) return false;
  if (!always && (await client.list('Session', { brief: true })).every(isFinished) && !(await context.parts.hasUnread(target)))
    return false;
  const { holder } = await startController(context, client, target);
  say(`No controller was running: started one in the background (pid ${holder.pid}). Stop it with '${context.invokedAs} down'.\n`);
  return true;
};

/** Until the controller has taken up what was written for it: the session of this key, or all sessions. */
export const awaitReading = async (options: BringUpOptions, key?: ObjectKey): Promise<void> => {
  const { context, client, target } = options;
  const isUnread = () => context.parts.hasUnread(target, key);
  if (!(await isUnread())) return;
  const what = key === undefined ? 'what was applied' : `session ${key.name}`;
  if (!(await bringUp({ ...options, always: true })))
    throw unreachable(`${what} is not taken up yet: no controller runs`, `Run '${context.invokedAs} up'.`);
  const since = performance.now();
  while ((await client.holder()) !== undefined && (await isUnread())) {
    if (performance.now() - since > READING_MS)
      throw unreachable(
        `the controller has not taken up ${what} within ${READING_MS / 1000} s`,
        `'${context.invokedAs} events' may say why.`,
      );
    await pause(context);
  }
};

/**
 * For as long as somebody waits for what only a controller does: brings one up again where it has gone, and throws where it
 * may not. An installed one is brought up by who installed it.
 */
export const keepUp =
  (options: BringUpOptions) =>
  async (signal: AbortSignal): Promise<void> => {
    const { context, client } = options;
    let seen = performance.now();
    while (!client.isInstalled && !signal.aborted) {
      if ((await client.holder()) !== undefined) seen = performance.now();
      else if (performance.now() - seen > GONE_MS) {
        if (!(await bringUp({ ...options, always: true })))
          throw unreachable('no controller runs any more: what becomes of the sessions is not seen', `Run '${context.invokedAs} up'.`);
      }
      await delay(WATCH_MS, undefined, { signal }).catch(() => undefined);
    }
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
