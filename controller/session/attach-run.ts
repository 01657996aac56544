// A live terminal on a run: its own tmux, in which it goes on when we leave.
import type { Shell, UserTerminal } from '../shell/shell.ts';
import type { RunID } from './host.ts';
import { deliverCommands } from './vm-commands.ts';

const PATIENCE_MS = 60_000;

/** Until the run ends or its user detaches. Throws `conflict` for a run that is not there (any more). */
export const attachRun = async (shell: Shell, { uid, attempt }: RunID, terminal: UserTerminal): Promise<number> => {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const commands = await deliverCommands(shell, signal);
  const { argv } = (await commands.call('attach', { uid, attempt }, signal)) as { readonly argv: readonly string[] };
  return shell.interact(argv, terminal);
};
