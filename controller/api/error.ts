// Errors carry intent: what the caller can do about them, not where they came from.

export type ErrorCode =
  | 'invalid' // the input is wrong: stop until it changes
  | 'denied' // not allowed: try again, rarely
  | 'quota' // refused for capacity or budget: wait long
  | 'unavailable' // may work later: back off
  | 'conflict' // somebody else wrote first: look again now
  | 'bug'; // a broken assumption of ours

/** The one error the operator throws on purpose. The message says what was being done to what, and carries no secret. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly code: ErrorCode;
  /** The provider asked for at least this much patience (Retry-After), in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}

export const errorCode = (error: unknown): ErrorCode => (error instanceof OperatorError ? error.code : 'bug');

export const errorMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error));
