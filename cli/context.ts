// All that a command may touch beyond its arguments: streams, time, chance, interruption, and the parts of Berth it drives.
import type { BaseContext, CommandClass } from 'clipanion';
import type { Parts } from './parts.ts';

export interface Context extends BaseContext {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** As Math.random. */
  readonly random: () => number;
  /** The words to print in hints: `berth`, or `amplihack remote` through the shim. */
  readonly invokedAs: string;
  /** Aborts on the first Ctrl-C. */
  readonly interrupted: AbortSignal;
  readonly terminal: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean; readonly columns: number };
  /** What followed `--`, for commands that take an argv; undefined when there was none. */
  readonly tail: readonly string[] | undefined;
  readonly parts: Parts;
  /** Every command there is, for the one that prints completions. */
  readonly commands: () => Promise<readonly CommandClass<Context>[]>;
}
