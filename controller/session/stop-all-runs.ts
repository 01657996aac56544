// Ends everything that runs on a VM that is about to go away, whatever the controller still knows of it.
import type { Shell } from '../shell/shell.ts';
import { deliverCommands } from './vm-commands.ts';

const PATIENCE_MS = 60_000;

export const stopAllRuns = async (shell: Shell): Promise<void> => {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const commands = await deliverCommands(shell, signal);
  await commands.call('stop-all', {}, signal);
};
