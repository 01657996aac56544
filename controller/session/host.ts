// The contract of a host: a VM as its sessions see it. What runs there goes on without us; we only see facts and start
// changes. Implemented over a shell (the on-VM contract in this folder); the simulation has a world of its own.

import type { LogName, LogSummary } from '../output/log-store.ts';
import type { Machine } from '../provider/provider.ts';
import type { Shell } from '../shell/shell.ts';

/** The hosts the controller is connected to. One connection a VM, opened by its VM object's key, kept alive by itself. */
export interface Hosts {
  /** Idempotent; reconnects on its own with backoff until closed. `connect` is called for each new connection. */
  open(vmUID: string, machine: Machine, connect: (machine: Machine) => Shell): void;
  /** Drops the connection and what is known. Nothing on the VM changes. */
  close(vmUID: string): void;
  get(vmUID: string): Host | undefined;
  /** Told whenever the facts of a host or of one of its runs change; `session` is undefined for the host itself. */
  onChange(listener: (vmUID: string, session: LogName | undefined) => void): void;
}

export interface Host {
  /** Cheap: the last known state, no I/O. */
  facts(): HostFacts;
  /**
   * Delivers files and starts the run, at most once per (session uid, attempt) whatever is retried. Resolves once the
   * VM has taken it over durably and `facts` show the run; preparation (clone) and the program go on there.
   */
  launch(spec: LaunchSpec, signal: AbortSignal): Promise<void>;
  /** Starts the kill ladder over the whole process tree; ends are observed. Unknown runs count as stopped. */
  stop(run: RunID, mode: 'Graceful' | 'Immediate', signal: AbortSignal): Promise<void>;
  /**
   * Records a run that the VM has never heard of, or whose preparation ended with its supervisor, as ended (cause
   * `refused`): no launch starts it any more. `facts` show it then. Changes nothing for any other run.
   */
  refuse(run: Pick<LaunchSpec, 'uid' | 'attempt' | 'session' | 'logBase'>, signal: AbortSignal): Promise<void>;
  /** Moves the deadline that the VM keeps for a run; undefined: none. Seconds since the epoch. */
  setDeadline(run: RunID, deadline: number | undefined, signal: AbortSignal): Promise<void>;
  /** Types `text` and Enter into the terminal, at most once per id. */
  type(run: RunID, input: { readonly id: string; readonly text: string }, signal: AbortSignal): Promise<void>;
  /** Removes workspace and files of a run that ended. */
  clean(run: RunID, signal: AbortSignal): Promise<void>;
}

export interface RunID {
  readonly uid: string;
  readonly attempt: number;
}

export interface HostFacts {
  /** `connecting` until the first look; `unreachable` when a look fails, until the next one succeeds. */
  readonly state: 'connecting' | 'reachable' | 'unreachable';
  /** Since when, in milliseconds since the epoch. */
  readonly since: number;
  readonly message?: string;
  /** One CamelCase word, where the message says something that people have to mend: HostKeyMismatch. */
  readonly reason?: string;
  /** Every run with files on the VM, as last seen. */
  readonly runs: ReadonlyMap<string, RunFacts>;
}

export const runKey = (run: RunID): string => `${run.uid}.${run.attempt}`;

export interface RunFacts extends RunID {
  readonly session: LogName;
  readonly state: 'preparing' | 'running' | 'ended';
  readonly startTime?: string;
  readonly exit?: RunExit;
  /** End of the log on the VM as last seen, as an offset in the session's log. `exit` present: its final size. */
  readonly logBytes: number;
  /** What of it is durable in the log store. */
  readonly copied: LogSummary;
  readonly waiting?: { readonly since: string; readonly question?: string };
  readonly deliveredIDs: readonly string[];
  /** Seconds since the epoch, as the VM keeps it now. */
  readonly deadline?: number;
  /** A stop that the VM has taken over: it works on it, or had it before the end. */
  readonly stopping?: 'Graceful' | 'Immediate';
}

export interface RunExit {
  readonly cause:
    | 'exited' // code or signal is set
    | 'deadline' // stopped on the VM for its deadline
    | 'source' // the source could not be fetched; the program was not started
    | 'launch' // the program could not be started
    | 'refused' // it was not started, and never will be
    | 'lost'; // the supervisor died (reboot, out of memory): no exit code is known
  readonly code?: number;
  /** Number of the signal that ended the program itself. */
  readonly signal?: number;
  readonly endTime: string;
  /** Present with `source`, `launch`, `lost`, and with `exited` where there is more to tell: what happened, one line. */
  readonly message?: string;
}

export interface LaunchSpec extends RunID {
  readonly session: LogName;
  readonly argv: readonly string[];
  /** The prompt: fed on stdin where the agent reads it there, else only as the file BERTH_PROMPT_FILE. */
  readonly prompt?: string;
  readonly promptOnStdin: boolean;
  readonly env: Readonly<Record<string, string>>;
  /** Never in argv, logs or messages; delivered as a file of mode 0600. */
  readonly secretEnv: Readonly<Record<string, string>>;
  readonly git?: { readonly url: string; readonly ref?: string; readonly credentials?: Readonly<Record<string, string>> };
  /** Kept on the VM too: seconds since the epoch. */
  readonly deadline?: number;
  readonly maxOutputBytes: number;
  /** Where in the session's log this attempt's output begins. */
  readonly logBase: number;
  /** What it takes of the VM's memory. */
  readonly memoryMiB: number;
  /** The VM refuses (`unavailable`) to run more than this, whatever two controllers believe. */
  readonly capacity: { readonly slots: number; readonly memoryMiB: number };
}
