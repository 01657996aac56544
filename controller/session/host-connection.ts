// One connection to one VM, kept up by itself: connect, deliver our files, listen to the stream, and again after a loss.
import type { Clock } from '../api/clock.ts';
import { errorMessage, OperatorError } from '../api/error.ts';
import type { Machine } from '../provider/provider.ts';
import type { Shell } from '../shell/shell.ts';
import { readFrames, type VMRun } from './frames.ts';
import { type Host, type HostFacts, type RunID, runKey } from './host.ts';
import type { HostRuns } from './host-runs.ts';
import { deliverCommands, type VMCommands } from './vm-commands.ts';

export interface HostConnection {
  readonly host: Host;
  close(): void;
}

export interface HostConnectionOptions {
  readonly machine: () => Machine;
  readonly connect: (machine: Machine) => Shell;
  readonly runs: HostRuns;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly changed: () => void;
}

const BACKOFF_MS = { first: 250, most: 30_000 };
/** The stream says something every 5 s. */
const SILENT_MS = 20_000;
/** sshd takes ten channels a connection, and one is the stream. */
const CALLS_AT_ONCE = 4;

export const connectHost = (options: HostConnectionOptions): HostConnection => {
  const { runs, clock } = options;
  const closed = new AbortController();
  let known: Omit<HostFacts, 'runs'> = { state: 'connecting', since: clock.now() };
  let commands: VMCommands | undefined;
  let failures = 0;

  const become = (state: HostFacts['state'], message?: string) => {
    const since = known.state === state ? known.since : clock.now();
    known = { state, since, ...(message === undefined ? {} : { message }) };
    options.changed();
  };
  const session = async (shell: Shell, signal: AbortSignal, alive: () => void): Promise<void> => {
    const delivered = await deliverCommands(shell, signal);
    const channel = await delivered.stream(signal);
    runs.restart();
    for await (const frame of readFrames(channel.output)) {
      alive();
      await runs.take(frame, (request) => channel.write(`${JSON.stringify(request)}\n`));
      if (frame.t !== 'synced') continue;
      commands = delivered;
      failures = 0;
      become('reachable');
    }
    throw new OperatorError('unavailable', 'the connection to the VM ended');
  };
  const keepUp = async (): Promise<void> => {
    while (!closed.signal.aborted) {
      const attempt = new AbortController();
      const alive = watchdog(clock, attempt);
      const stop = () => attempt.abort();
      closed.signal.addEventListener('abort', stop, { once: true });
      let shell: Shell | undefined;
      try {
        shell = options.connect(options.machine());
        await session(shell, attempt.signal, alive.beat);
      } catch (error) {
        // A lost connection alone is no failed look: the next attempt tells.
        if (!closed.signal.aborted && (commands === undefined || failures > 0)) become('unreachable', errorMessage(error));
      }
      commands = undefined;
      alive.stop();
      attempt.abort();
      closed.signal.removeEventListener('abort', stop);
      shell?.close();
      await pause(clock, backoff(failures++, options.random()), closed.signal);
    }
  };
  const inTurn = limit(CALLS_AT_ONCE);
  const call = (command: Parameters<VMCommands['call']>[0], request: object, signal: AbortSignal) =>
    inTurn(() => {
      if (commands === undefined)
        throw new OperatorError('unavailable', `the VM is not reachable${known.message ? `: ${known.message}` : ''}`);
      return commands.call(command, request, signal);
    });
  const learn = async (command: 'launch' | 'refuse', request: Parameters<Host['refuse']>[0], signal: AbortSignal): Promise<void> => {
    const reply = await call(command, request, signal);
    const facts = (reply as { readonly run?: VMRun | null }).run;
    if (facts) await runs.learn(runKey(request), facts);
  };
  void keepUp();

  return {
    close: () => {
      closed.abort();
      runs.stop();
    },
    host: {
      facts: () => ({ ...known, runs: runs.facts() }),
      launch: (spec, signal) => learn('launch', spec, signal),
      refuse: ({ uid, attempt, session, logBase }, signal) => learn('refuse', { uid, attempt, session, logBase }, signal),
      stop: async (run, mode, signal) => void (await call('stop', { ...id(run), mode }, signal)),
      setDeadline: async (run, deadline, signal) => void (await call('deadline', { ...id(run), deadline: deadline ?? null }, signal)),
      type: async (run, input, signal) => void (await call('type', { ...id(run), id: input.id, text: input.text }, signal)),
      clean: async (run, signal) => void (await call('clean', id(run), signal)),
    },
  };
};

const id = ({ uid, attempt }: RunID): RunID => ({ uid, attempt });

const backoff = (failures: number, random: number): number =>
  Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** Math.min(failures, 16)) * (0.5 + random / 2);

const pause = (clock: Clock, ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    signal.addEventListener('abort', end);
  });

/** A connection may be dead without anybody being told: a stopped VM, a forgotten NAT entry. */
const watchdog = (clock: Clock, attempt: AbortController) => {
  let cancel = () => {};
  const beat = () => {
    cancel();
    cancel = clock.after(SILENT_MS, () => attempt.abort(new OperatorError('unavailable', 'the VM does not answer')));
  };
  beat();
  return { beat, stop: () => cancel() };
};

const limit = (most: number) => {
  let running = 0;
  const queue: (() => void)[] = [];
  return async <T>(run: () => Promise<T>): Promise<T> => {
    if (running >= most) await new Promise<void>((resolve) => queue.push(resolve));
    running++;
    try {
      return await run();
    } finally {
      running--;
      queue.shift()?.();
    }
  };
};
