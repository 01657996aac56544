// A refusal as Azure words it. Most come from the catalogue of real bodies (fixtures/errors.json), with its blanks filled in.
import { readFileSync } from 'node:fs';
import type { Failure } from './world.ts';

export class ARMError extends Error {
  readonly status: number;
  readonly failure: Failure;
  readonly headers: Readonly<Record<string, string>>;
  /** Instead of `{error}`: Compute's 429 is documented without that wrapper. */
  readonly rawBody: unknown;

  constructor(status: number, failure: Failure, more: { headers?: Readonly<Record<string, string>>; rawBody?: unknown } = {}) {
    super(failure.message);
    this.name = 'ARMError';
    this.status = status;
    this.failure = failure;
    this.headers = more.headers ?? {};
    this.rawBody = more.rawBody;
  }
}

interface Known {
  readonly id: string;
  readonly phase: 'sync' | 'async';
  readonly status: number;
  readonly code?: string;
  readonly message?: string;
  readonly target?: string;
  readonly details?: readonly unknown[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly rawBody?: { readonly code: string; readonly message: string };
}

const { errors }: { errors: readonly Known[] } = JSON.parse(readFileSync(new URL('fixtures/errors.json', import.meta.url), 'utf8'));
const known = new Map(errors.map((error) => [error.id, error]));

export type Blanks = Readonly<Record<string, string | number | undefined>>;

/** Of the catalogue; a status of 200 (of one that comes at the end of an operation) becomes 409 when it is sent at once. */
export const errorOf = (id: string, blanks: Blanks = {}): ARMError => {
  const found = known.get(id);
  if (!found) throw new Error(`there is no error body named ${id}: see fixtures/errors.json`);
  const fill = (value: string): string => value.replace(/\{(\w+)\}/g, (blank, name: string) => String(blanks[name] ?? blank));
  const failure: Failure = {
    code: found.code ?? found.rawBody?.code ?? 'Unknown',
    message: fill(found.message ?? found.rawBody?.message ?? ''),
    ...(found.target === undefined ? {} : { target: fill(found.target) }),
    ...(found.details === undefined ? {} : { details: found.details }),
  };
  return new ARMError(found.status === 200 ? 409 : found.status, failure, {
    ...(found.headers ? { headers: found.headers } : {}),
    ...(found.rawBody ? { rawBody: found.rawBody } : {}),
  });
};

export const refuse = (status: number, code: string, message: string, target?: string): ARMError =>
  new ARMError(status, { code, message, ...(target === undefined ? {} : { target }) });
