// What goes wrong in a command, and the exit code that says so (SPEC 5).
import { type ErrorCode, errorMessage, OperatorError } from '../controller/api/error.ts';

export const EXIT = {
  ok: 0,
  error: 1,
  usage: 2,
  notFound: 3,
  unreachable: 4,
  quota: 5,
  timeout: 124,
  berth: 125,
  interrupted: 130,
} as const;

export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exit: number;
  readonly hint: string | undefined;

  constructor(message: string, options: { readonly exit?: number; readonly hint?: string | undefined } = {}) {
    super(message);
    this.exit = options.exit ?? EXIT.error;
    this.hint = options.hint;
  }
}

export const usageError = (message: string, hint?: string): CliError => new CliError(message, { exit: EXIT.usage, hint });

export const unreachable = (message: string, hint?: string): CliError => new CliError(message, { exit: EXIT.unreachable, hint });

export const sessionNotFound = (): CliError => new CliError('Session ID not found', { exit: EXIT.notFound });

export const interrupted = (): CliError => new CliError('Interrupted', { exit: EXIT.interrupted });

const EXIT_OF: Readonly<Record<ErrorCode, number>> = {
  invalid: EXIT.usage,
  denied: EXIT.error,
  quota: EXIT.quota,
  unavailable: EXIT.unreachable,
  conflict: EXIT.notFound, // somebody else holds the directory, or the name
  bug: EXIT.error,
};

export interface Failure {
  readonly text: string;
  readonly exit: number;
}

/** The lines for stderr and the exit code. A broken assumption of ours keeps its stack: it is a bug report. */
export const failureOf = (error: unknown): Failure => {
  if (error instanceof CliError) return { text: `Error: ${error.message}\n${error.hint ? `Hint: ${error.hint}\n` : ''}`, exit: error.exit };
  if (error instanceof OperatorError) return { text: `Error: ${error.message}\n`, exit: EXIT_OF[error.code] };
  const stack = error instanceof Error && error.stack ? `${error.stack.replace(/^.*\n?/, '')}\n` : '';
  return { text: `Error: ${errorMessage(error)}\n${stack}`, exit: EXIT.error };
};
