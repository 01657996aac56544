// The contract of a shell: the one way to act on a VM. Argument lists only: nothing is ever joined into shell text.
import type { ReadStream, WriteStream } from 'node:tty';

export interface Shell {
  /** Runs to the end. Throws `unavailable` when it is not known whether, or how, the command ended. */
  run(argv: readonly string[], options?: { readonly stdin?: Uint8Array | string; readonly signal?: AbortSignal }): Promise<RunResult>;
  /** Starts a command and talks to it over one long-lived channel. Reading applies back-pressure. */
  open(argv: readonly string[], signal: AbortSignal): Promise<Channel>;
  /** Runs a program on somebody's terminal to its end; returns its exit code. */
  interact(argv: readonly string[], terminal: UserTerminal): Promise<number>;
  close(): void;
}

/** The terminal this process has, and its type (TERM). */
export interface UserTerminal {
  readonly input: ReadStream;
  readonly output: WriteStream;
  readonly type: string;
}

export interface RunResult {
  /** 128 + n when signal n ended it. */
  readonly code: number;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

export interface Channel {
  write(text: string): void;
  /** Ends when the command does or the connection is lost: the reader can not tell which, and need not. */
  readonly output: AsyncIterable<Uint8Array>;
}
