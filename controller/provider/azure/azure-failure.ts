// A call to Azure that failed, as Azure said it: the SDKs lose the body of a refused long-running request, so it is kept here.
import type { Refusal } from './classify-error.ts';

export class AzureFailure extends Error {
  override readonly name = 'AzureFailure';
  readonly refusal: Refusal;
  /** What Azure's support asks for. */
  readonly requestID: string | undefined;

  constructor(refusal: Refusal, options: { readonly cause?: unknown; readonly requestID?: string | undefined } = {}) {
    super(refusal.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.refusal = refusal;
    this.requestID = options.requestID;
  }
}

export const isNotFound = (error: unknown): boolean => error instanceof AzureFailure && error.refusal.httpStatus === 404;

interface Answer {
  readonly status: number;
  readonly headers: { get(name: string): string | undefined };
  readonly bodyAsText?: string | null;
}

/** Of an answer that is none of success. */
export const failureOfAnswer = (answer: Answer): AzureFailure => {
  const error = readError(answer.bodyAsText);
  const retryAfterMs = retryAfterOf(answer.headers.get('retry-after'));
  const refusal: Refusal = {
    phase: 'sync',
    httpStatus: answer.status,
    message: error.message ?? `Azure answered with HTTP status ${answer.status}`,
    ...(error.code === undefined ? {} : { code: error.code }),
    ...(error.target === undefined ? {} : { target: error.target }),
    ...(error.details === undefined ? {} : { details: error.details }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  return new AzureFailure(refusal, { requestID: answer.headers.get('x-ms-request-id') });
};

/** Of what was thrown where no answer came: the network, the login, an abort. What is ours already stays as it is. */
export const failureOfError = (error: unknown): unknown => {
  if (!(error instanceof Error) || error instanceof AzureFailure || error.name === 'OperatorError') return error;
  const all = error instanceof AggregateError || 'errors' in error ? (error.errors as readonly unknown[]) : [];
  // Of several ways to log in that failed, those that are not set up at all say nothing.
  const told = all.filter((one): one is Error => one instanceof Error && one.name !== 'CredentialUnavailableError');
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  const message = told.length > 0 ? told.map((one) => one.message).join('; ') : error.message;
  return new AzureFailure({ phase: 'sync', code, message }, { cause: error });
};

interface ErrorBody {
  readonly code?: string;
  readonly message?: string;
  readonly target?: string;
  readonly details?: readonly { readonly code?: string; readonly message?: string }[];
}

/** With and without the wrapper: Compute leaves it out when it throttles. */
const readError = (text: string | null | undefined): ErrorBody => {
  try {
    const body: unknown = JSON.parse(text ?? '');
    const error = isRecord(body) && isRecord(body.error) ? body.error : body;
    if (!isRecord(error)) return {};
    const { code, message, target, details } = error;
    return {
      ...(typeof code === 'string' ? { code } : {}),
      ...(typeof message === 'string' ? { message } : {}),
      ...(typeof target === 'string' ? { target } : {}),
      ...(Array.isArray(details) ? { details: details.filter(isRecord) } : {}),
    };
  } catch {
    return {};
  }
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

/** Seconds, or a date. */
const retryAfterOf = (text: string | undefined): number | undefined => {
  if (text === undefined || text === '') return undefined;
  const seconds = Number(text);
  const ms = Number.isNaN(seconds) ? Date.parse(text) - Date.now() : seconds * 1000;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
};
