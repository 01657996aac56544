// The control API as a test calls it.
import type { BillSum } from './billing.ts';
import type { ChaosProfile } from './chaos.ts';
import type { MachineState, Settings } from './control.ts';
import type { Directive } from './directives.ts';
import type { Rule } from './faults.ts';
import type { JSONObject } from './json.ts';
import type { Operation } from './operations.ts';
import type { LoggedRequest } from './request-log.ts';

export interface Control {
  readonly url: string;
  /** A token for the SDKs, good for an hour. */
  token(): Promise<string>;
  rule(rule: Rule): Promise<void>;
  clearRules(): Promise<void>;
  tell(directive: Directive): Promise<void>;
  /** Those after the number given, 0 for all since the start of the process. */
  requests(after?: number): Promise<readonly LoggedRequest[]>;
  bill(): Promise<BillSum>;
  /** Everything there is, as Azure would show it, secrets left out. */
  resources(): Promise<readonly JSONObject[]>;
  operations(): Promise<readonly Operation[]>;
  vms(): Promise<readonly MachineState[]>;
  /** Public address → where to reach it. */
  endpoints(): Promise<Readonly<Record<string, { readonly host: string; readonly port: number }>>>;
  /** Told time moves on; what comes due on the way happens. */
  advance(ms: number): Promise<void>;
  now(): Promise<number>;
  settings(settings: Settings): Promise<void>;
  chaos(seed: number, options?: { readonly profile?: ChaosProfile; readonly forMs?: number }): Promise<void>;
  /** Runs a command on a machine, as root would. */
  exec(
    vm: string,
    argv: readonly string[],
    input?: string,
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
  snapshot(): Promise<JSONObject>;
  restore(snapshot: JSONObject): Promise<void>;
}

export const createControl = (url: string): Control => {
  const call = async <Result>(method: string, path: string, body?: unknown): Promise<Result> => {
    const response = await fetch(`${url}/__control/${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const answer = (await response.json()) as Result & { readonly error?: string };
    if (!response.ok) throw new Error(`the fake refuses ${method} ${path}: ${answer.error}`);
    return answer;
  };
  return {
    url,
    token: async () => (await call<{ token: string }>('GET', 'token')).token,
    rule: (rule) => call('POST', 'rules', rule),
    clearRules: () => call('DELETE', 'rules'),
    tell: (directive) => call('POST', 'tell', directive),
    requests: (after = 0) => call('GET', `requests?after=${after}`),
    bill: () => call('GET', 'bill'),
    resources: () => call('GET', 'resources'),
    operations: () => call('GET', 'operations'),
    vms: () => call('GET', 'vms'),
    endpoints: () => call('GET', 'endpoints'),
    advance: (ms) => call('POST', 'clock', { advanceMs: ms }),
    now: async () => (await call<{ now: number }>('GET', 'clock')).now,
    settings: (settings) => call('POST', 'settings', settings),
    chaos: (seed, options = {}) => call('POST', 'chaos', { seed, ...options }),
    exec: (vm, argv, input) => call('POST', 'exec', { vm, argv, ...(input === undefined ? {} : { input }) }),
    snapshot: () => call('GET', 'snapshot'),
    restore: (snapshot) => call('PUT', 'snapshot', snapshot),
  };
};
