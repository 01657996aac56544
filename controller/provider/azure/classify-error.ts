// What a refusal of Azure means: what to try next, what not to try for how long, and what to tell people. The rows are in
// error-rows.ts; here is how one is found.
import type { ErrorCode } from '../../api/error.ts';
import type { Candidate } from './candidates.ts';
import type { Block } from './cool-downs.ts';
import { type ErrorRow, errorRows, unknownError, type When } from './error-rows.ts';
import { parseQuota, type QuotaNumbers } from './parse-quota.ts';
import type { SKUFacts } from './sku-facts.ts';

/** As Azure said it, whatever way it came: in a response, as an operation's end, in a machine's instance view. */
export interface Refusal {
  readonly phase: 'sync' | 'async';
  readonly httpStatus?: number;
  /** Azure's; or the name or code of an error of the SDK or of Node.js. */
  readonly code?: string;
  readonly message: string;
  readonly target?: string;
  readonly details?: readonly { readonly code?: string; readonly message?: string }[];
  readonly retryAfterMs?: number;
}

/** What was asked for when it was refused. */
export interface Asked extends Omit<Candidate, 'size'> {
  /** The machine's name. */
  readonly name: string;
  readonly facts: SKUFacts;
  /** How often in a row the same was answered before, here. */
  readonly failures?: number;
}

export type Decision =
  | 'RetryHere'
  | 'OtherZone'
  | 'OtherSize'
  | 'OtherRegion'
  | 'OtherPrice'
  | 'Adopt' // look at what is there before anything else
  | 'Gone' // there is no such machine any more
  | 'HaltPool' // nothing is made for the pool until somebody mends it
  | 'HaltProvider' // nothing is made with this login or subscription
  | 'FailMachine'; // the same request would always be refused

export interface Verdict {
  readonly decision: Decision;
  /** What is not to be tried meanwhile; `none` blocks nothing. */
  readonly scope: Block['scope'] | 'none';
  /** How long that stands; also how long to wait before the same is tried again. */
  readonly coolDownMs: number;
  /** Of the error to throw where nothing else is tried. */
  readonly errorCode: ErrorCode;
  /** One CamelCase word, for conditions. */
  readonly reason: string;
  /** One line for people. */
  readonly message: string;
  /** Azure's numbers, where it gave some. */
  readonly quota: QuotaNumbers | undefined;
}

export const classifyError = (said: Refusal, asked: Asked): Verdict => {
  const refusal = withCode(said);
  const quota = parseQuota(textOf(refusal));
  const { decision, scope, coolDownMs, reason, says } = rowFor(refusal, asked, quota);
  return {
    decision,
    scope,
    coolDownMs: coolDown(decision, coolDownMs, refusal, asked),
    errorCode: ERROR_CODES[decision],
    reason,
    message: says({ refusal, asked, quota }),
    quota,
  };
};

const ERROR_CODES: Readonly<Record<Decision, ErrorCode>> = {
  RetryHere: 'unavailable',
  Adopt: 'unavailable',
  Gone: 'unavailable',
  OtherZone: 'quota',
  OtherSize: 'quota',
  OtherRegion: 'quota',
  OtherPrice: 'quota',
  HaltPool: 'denied',
  HaltProvider: 'denied',
  FailMachine: 'invalid',
};

/** The SDK throws a failed operation as a plain error with all in its message, and knows no code for it. */
const withCode = (refusal: Refusal): Refusal => {
  const found = /^The long-running operation has failed\.\s*(?<code>\w+)\.\s*(?<message>.*)$/s.exec(refusal.message)?.groups;
  if (found) return { ...refusal, phase: 'async', code: String(found.code), message: String(found.message) };
  const canceled = refusal.message.startsWith('The long-running operation has been canceled');
  return canceled ? { ...refusal, phase: 'async', code: 'OperationPreempted' } : refusal;
};

const rowFor = (refusal: Refusal, asked: Asked, quota: QuotaNumbers | undefined): ErrorRow =>
  errorRows.find(({ when }) => applies(when, refusal, asked, quota)) ?? unknownError;

const applies = (when: When, refusal: Refusal, asked: Asked, quota: QuotaNumbers | undefined): boolean => {
  const { httpStatus = 0, target = '' } = refusal;
  const holds: readonly boolean[] = [
    when.status?.(httpStatus) ?? true,
    when.codes?.some((code) => codesOf(refusal).includes(code.toLowerCase())) ?? true,
    when.text?.test(textOf(refusal)) ?? true,
    when.target?.test(target) ?? true,
    when.priority === undefined || when.priority === asked.priority,
    when.zonal === undefined || asked.zone !== undefined,
    when.limit === undefined || when.limit === quota?.limit,
    when.failures === undefined || (asked.failures ?? 0) >= when.failures,
  ];
  return holds.every((held) => held);
};

const codesOf = ({ code = '', details = [] }: Refusal): readonly string[] =>
  [code, ...details.map((detail) => detail.code ?? '')].map((text) => text.toLowerCase());

const textOf = ({ message, details = [] }: Refusal): string => [message, ...details.map((detail) => detail.message ?? '')].join('\n');

const LONGEST_BACKOFF_MS = 300_000;

/** Azure's own word for how long, where it gave one; what is retried in place is retried more and more slowly. */
const coolDown = (decision: Decision, coolDownMs: number, { retryAfterMs }: Refusal, { failures = 0 }: Asked): number => {
  if (decision !== 'RetryHere') return Math.max(coolDownMs, retryAfterMs ?? 0);
  return retryAfterMs ?? Math.max(coolDownMs, Math.min(coolDownMs * 2 ** failures, LONGEST_BACKOFF_MS));
};
