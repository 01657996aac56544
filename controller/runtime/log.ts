// Structured logs: JSON lines with the keys controller-runtime uses. A message starts with a capital, is in the past
// tense and has no period; what it is about is in the fields. Others depend on the type alone.
import { type DestinationStream, destination, pino, stdTimeFunctions } from 'pino';
import { errorCode, OperatorError } from '../api/error.ts';

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  /** The error goes under `error`. */
  error(fields: LogFields, message: string): void;
  /** A logger that adds the fields to every line. */
  child(fields: LogFields): Logger;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LoggerOptions {
  readonly level?: LogLevel;
  /** Standard error unless told. */
  readonly to?: DestinationStream;
}

/** A net below the rule that secrets never reach a log: members of these names, at the top and one level down. */
const SECRETS = ['password', 'token', 'secret', 'apiKey', 'privateKey', 'authorization', 'headers', 'env', 'stdin'];

export const createLogger = ({ level = 'info', to = standardError() }: LoggerOptions = {}): Logger =>
  pino(
    {
      level,
      base: { pid: process.pid },
      messageKey: 'msg',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: describeError },
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
    },
    to,
  );

/** Written at once, so that a crash loses no line. */
const standardError = (): DestinationStream => destination({ fd: 2, sync: true });

/** An error we throw on purpose says all by its message; any other is a bug, and its stack is where to look. */
const describeError = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error;
  const { name, message, cause } = error;
  return {
    code: errorCode(error),
    name,
    message,
    ...(error instanceof OperatorError && error.code !== 'bug' ? {} : { stack: error.stack }),
    ...(cause === undefined ? {} : { cause: describeError(cause) }),
  };
};
