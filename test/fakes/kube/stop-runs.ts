// Ends whatever still runs on the machines below a controller's state folder, for the end of a test.
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { stopAllRuns } from '../../../controller/session/stop-all-runs.ts';
import { localShell } from '../../../controller/shell/local.ts';

export const stopRunsBelow = async (state: string): Promise<void> => {
  for (const folder of globSync(join(state, 'local', '*', '*'))) {
    const shell = localShell({ BERTH_HOME: folder }, process.env);
    await stopAllRuns(shell);
    shell.close();
  }
};
