// What a refusal of Azure means: what to try next, what not to try for how long, and what to tell people (AZURE.md, section 2).
import type { ErrorCode } from '../../api/error.ts';
import type { Offering } from '../provider.ts';
import type { Candidate } from './candidates.ts';
import type { Block } from './cool-downs.ts';
import type { SKUFacts } from './sku-facts.ts';

/** As Azure said it, whatever way it came: the body of a response, of an operation, a machine's instance view. */
export interface Refusal {
  readonly phase: 'sync' | 'async';
  readonly httpStatus?: number;
  /** Azure's, or an error's name or code of the SDK or of Node.js. */
  readonly code?: string;
  readonly message: string;
  readonly target?: string;
  readonly details?: readonly { readonly code?: string; readonly message?: string }[];
  readonly retryAfterMs?: number;
}

/** What was asked for when it was refused. */
export interface Asked extends Candidate {
  /** The machine's name. */
  readonly name: string;
  readonly facts: SKUFacts;
  /** How often in a row the same was answered before, here. */
  readonly failures?: number;
}

export type Decision = 'RetryHere' | 'OtherZone' | 'OtherSize' | 'OtherRegion' | 'OtherPrice' | 'Adopt' | 'HaltProvider' | 'FailMachine';

export interface QuotaNumbers {
  readonly quota: string;
  readonly region: string;
  readonly limit: number;
  readonly usage: number;
  readonly required: number;
}

export interface Verdict {
  readonly decision: Decision;
  /** What is not to be tried meanwhile; `none` blocks nothing. */
  readonly scope: Block['scope'] | 'none';
  /** How long; also how long to wait before the same is tried again. */
  readonly coolDownMs: number;
  /** Of the error that the caller throws. */
  readonly errorCode: ErrorCode;
  /** One CamelCase word, for conditions and offerings. */
  readonly reason: NonNullable<Offering['reason']> | string;
  /** One line for people. */
  readonly message: string;
  readonly quota: QuotaNumbers | undefined;
}

export const classifyError = ({ message }: Refusal, { region }: Asked): Verdict => ({
  decision: 'OtherRegion',
  scope: 'region',
  coolDownMs: 600_000,
  errorCode: 'quota',
  reason: 'SKUNotAvailable',
  message: `${region}: ${message}`,
  quota: undefined,
});
