// Faults asked for over the control API: rules on requests, and standing facts such as capacity and quota. Data only; each
// is applied where Azure itself would notice.
import { ARMError, type Blanks, errorOf } from './arm-error.ts';
import type { Plan } from './operations.ts';

export interface Match {
  readonly method?: string;
  /** A resource type, such as `Microsoft.Compute/virtualMachines`; any casing. */
  readonly type?: string;
  /** Of a POST: `start`, `deallocate`…; of a poll: `poll`. */
  readonly action?: string;
  /** A regular expression on the resource's name. */
  readonly name?: string;
  readonly region?: string;
  readonly size?: string;
  readonly zone?: string;
  readonly priority?: 'Spot' | 'Regular';
  /** Only the n-th request that matches otherwise, from 1. */
  readonly nth?: number;
  readonly probability?: number;
}

export type Fault =
  | ({ readonly kind: 'syncError' } & Told)
  | ({ readonly kind: 'asyncError'; readonly afterMs?: number } & Told)
  | { readonly kind: 'asyncCanceled'; readonly afterMs?: number }
  | {
      readonly kind: 'throttle';
      readonly burst?: number;
      readonly retryAfter?: number;
      readonly wrapped?: boolean;
      readonly forMs?: number;
    }
  | { readonly kind: 'http5xx'; readonly status?: number }
  | { readonly kind: 'latency'; readonly ms: number }
  | { readonly kind: 'redirect'; readonly to: string }
  | { readonly kind: 'hang' | 'dropBefore' | 'dropAfter' | 'truncateBody' | 'badJson' }
  | { readonly kind: 'slowLro'; readonly factor?: number; readonly ms?: number }
  | { readonly kind: 'stuckLro' | 'lostOperation' | 'noAsyncHeader' | 'locationOnly' }
  | { readonly kind: 'pollError'; readonly status: number; readonly times?: number };

/** A body of the catalogue by its id, or one's own words. */
interface Told {
  readonly id?: string;
  readonly status?: number;
  readonly code?: string;
  readonly message?: string;
  readonly target?: string;
  readonly details?: readonly unknown[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly values?: Blanks;
}

export interface Rule {
  readonly match: Match;
  readonly fault: Fault;
  /** How often it fires; always without. */
  readonly times?: number;
}

export interface FaultState {
  readonly rules: (Rule & { id: number; seen: number; fired: number; since: number })[];
  readonly capacity: { region: string; size?: string; family?: string; zone?: string; priority?: string; left: number }[];
  readonly quotas: { region: string; of: string; limit: number }[];
  readonly restrictions: { region: string; size: string; zones?: readonly string[] }[];
  readonly traps: { kind: 'bootFail' | 'cloudInitFail' | 'sshRefuse'; name: string; step?: string }[];
  readonly denied: { action: string; scope: string }[];
  entra: string | undefined;
  readonly disabled: string[];
  readonly unregistered: string[];
  /** Of the numbers that `probability` and chaos draw. */
  seed: number;
}

/** What a rule can look at. */
export interface Facts {
  readonly method: string;
  readonly type: string;
  readonly action: string;
  readonly name: string;
  readonly region: string;
  readonly size: string;
  readonly zone: string;
  readonly priority: string;
}

export interface Verdict {
  readonly plan: Plan;
  readonly latency: number;
  readonly error: ARMError | undefined;
  readonly redirect: string | undefined;
  readonly transport: 'hang' | 'dropBefore' | 'dropAfter' | 'truncateBody' | 'badJson' | undefined;
}

export const judge = (state: FaultState, facts: Facts, blanks: Blanks, now: number): Verdict => {
  let verdict: Verdict = { plan: {}, latency: 0, error: undefined, redirect: undefined, transport: undefined };
  for (const rule of state.rules) {
    if (!fires(state, rule, facts, now)) continue;
    verdict = { ...verdict, ...effect(rule.fault, verdict, blanks) };
  }
  return verdict;
};

/** A number from 0 up to 1, the next of the world's own row. */
export const draw = (state: FaultState): number => {
  state.seed = (state.seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state.seed ^ (state.seed >>> 15), 1 | state.seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
};

const fires = (state: FaultState, rule: FaultState['rules'][number], facts: Facts, now: number): boolean => {
  const { match, fault } = rule;
  if (rule.times !== undefined && rule.fired >= rule.times) return false;
  if (!matches(match, facts)) return false;
  rule.seen++;
  if (match.nth !== undefined && rule.seen !== match.nth) return false;
  if (match.probability !== undefined && draw(state) >= match.probability) return false;
  if (fault.kind === 'throttle') {
    if (fault.forMs !== undefined && now > rule.since + fault.forMs) return false;
    if (rule.seen <= (fault.burst ?? 0)) return false;
  }
  rule.fired++;
  return true;
};

const matches = (match: Match, facts: Facts): boolean => {
  const same = (wanted: string | undefined, is: string): boolean => wanted === undefined || wanted.toLowerCase() === is.toLowerCase();
  return (
    same(match.method, facts.method) &&
    same(match.type, facts.type) &&
    // A rule that does not say so means no poll.
    (match.action === undefined ? facts.action !== 'poll' : same(match.action, facts.action)) &&
    same(match.region, facts.region) &&
    same(match.size, facts.size) &&
    same(match.zone, facts.zone) &&
    same(match.priority, facts.priority) &&
    (match.name === undefined || new RegExp(match.name, 'i').test(facts.name))
  );
};

const effect = (fault: Fault, { plan }: Verdict, blanks: Blanks): Partial<Verdict> => {
  switch (fault.kind) {
    case 'syncError':
      return { error: told(fault, blanks) };
    case 'throttle':
      return { error: throttled(fault) };
    case 'http5xx':
      return { error: new ARMError(fault.status ?? 500, { code: 'InternalServerError', message: 'An injected server error.' }) };
    case 'latency':
      return { latency: fault.ms };
    case 'redirect':
      return { redirect: fault.to };
    case 'asyncError':
      return {
        plan: { ...plan, failure: told(fault, blanks).failure, ...(fault.afterMs === undefined ? {} : { afterMs: fault.afterMs }) },
      };
    case 'asyncCanceled':
      return { plan: { ...plan, canceled: true, ...(fault.afterMs === undefined ? {} : { afterMs: fault.afterMs }) } };
    case 'slowLro':
      return { plan: { ...plan, slow: fault } };
    case 'stuckLro':
      return { plan: { ...plan, stuck: true } };
    case 'lostOperation':
      return { plan: { ...plan, lost: true } };
    case 'noAsyncHeader':
      return { plan: { ...plan, headers: 'none' } };
    case 'locationOnly':
      return { plan: { ...plan, headers: 'location' } };
    case 'pollError':
      return { plan: { ...plan, pollError: { status: fault.status, left: fault.times ?? 1 } } };
    default:
      return { transport: fault.kind };
  }
};

const told = (fault: Told, blanks: Blanks): ARMError => {
  const base = fault.id === undefined ? undefined : errorOf(fault.id, { ...blanks, ...fault.values });
  return new ARMError(
    fault.status ?? base?.status ?? 409,
    {
      code: fault.code ?? base?.failure.code ?? 'Conflict',
      message: fault.message ?? base?.failure.message ?? 'An injected error.',
      ...((fault.target ?? base?.failure.target) === undefined ? {} : { target: fault.target ?? base?.failure.target ?? '' }),
      ...((fault.details ?? base?.failure.details) ? { details: fault.details ?? base?.failure.details ?? [] } : {}),
    },
    { headers: { ...base?.headers, ...fault.headers }, rawBody: base?.rawBody },
  );
};

const throttled = ({ retryAfter, wrapped }: { readonly retryAfter?: number; readonly wrapped?: boolean }): ARMError => {
  const { failure, rawBody, headers } = errorOf('throttled_crp');
  const after = retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) };
  return new ARMError(429, failure, { headers: { ...headers, ...after }, rawBody: wrapped ? { error: rawBody } : rawBody });
};
