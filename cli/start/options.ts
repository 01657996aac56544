// The options of `start` as fields of a session's spec, checked as far as a command line can be; the schema has the last word.
import type { SessionSpec } from '../../controller/api/types.generated.ts';
import { parseCount, parseDuration } from '../duration.ts';
import { usageError } from '../error.ts';

export interface StartOptions {
  readonly size?: string | undefined;
  readonly region?: string | undefined;
  readonly maxTurns?: string | undefined;
  readonly mode?: string | undefined;
  readonly agent?: string | undefined;
  readonly pool?: string | undefined;
  readonly priority?: string | undefined;
  readonly deadline: string;
  readonly retries?: string | undefined;
  readonly memory?: string | undefined;
}

const SIZES = ['s', 'm', 'l', 'xl'] as const;
const MODES = ['auto', 'ultrathink', 'analyze', 'fix'] as const;
const AGENTS = ['amplihack', 'claude', 'codex', 'copilot'] as const;
const LOWEST_PRIORITY = -2_147_483_648;

export const specOf = (options: StartOptions): SessionSpec => {
  const deadline = options.deadline === 'none' ? undefined : parseDuration(options.deadline, '--deadline');
  return defined<SessionSpec>({
    agent: oneOf(AGENTS, options.agent, '--agent'),
    mode: oneOf(MODES, options.mode, '--command'),
    maxTurns: count(options.maxTurns, '--max-turns', 1),
    poolRef: options.pool === undefined ? undefined : { name: options.pool },
    size: oneOf(SIZES, options.size, '--size'),
    region: options.region,
    priority: count(options.priority, '--priority', LOWEST_PRIORITY),
    memoryMiB: count(options.memory, '--memory-mib', 1),
    activeDeadlineSeconds: deadline,
    retryLimit: count(options.retries, '--retries', 0),
  });
};

const count = (text: string | undefined, option: string, least: number): number | undefined =>
  text === undefined ? undefined : parseCount(text, option, least);

const oneOf = <T extends string>(allowed: readonly T[], text: string | undefined, option: string): T | undefined => {
  const found = allowed.find((value) => value === text);
  if (text !== undefined && found === undefined) throw usageError(`${option}: "${text}" is not one of ${allowed.join(', ')}`);
  return found;
};

/** Unset means absent, never null. */
const defined = <T extends object>(fields: { readonly [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
