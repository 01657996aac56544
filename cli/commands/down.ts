// `down`: stops the controller; what runs on VMs goes on without it.
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { BerthCommand } from '../base.ts';
import { isAlive } from '../bring-up.ts';
import { EXIT, interrupted, unreachable, usageError } from '../error.ts';

/** The controller lets running passes end for up to 30 s. */
const STOP_MS = 40_000;
const POLL_MS = 50;

export class DownCommand extends BerthCommand {
  static override paths = [['down']];
  static override usage = { description: 'Stop the controller; sessions go on' };

  async execute(): Promise<number> {
    const client = await this.client();
    if (client.isInstalled) throw usageError('a cluster runs its own controller', 'Scale its Deployment to 0 to stop it.');
    const holder = await client.holder();
    if (holder === undefined) {
      this.out('No controller is running.\n');
      return EXIT.ok;
    }
    if (holder.host !== hostname()) throw unreachable(`the controller runs on ${holder.host} (pid ${holder.pid})`, 'Stop it there.');
    process.kill(holder.pid, 'SIGTERM');
    const since = performance.now();
    while (isAlive(holder.pid) && (await client.holder())?.pid === holder.pid) {
      if (performance.now() - since > STOP_MS)
        throw unreachable(`the controller (pid ${holder.pid}) did not stop within ${STOP_MS / 1000} s`);
      if (this.context.interrupted.aborted) throw interrupted();
      await delay(POLL_MS);
    }
    this.out('Controller stopped. Sessions go on.\n');
    return EXIT.ok;
  }
}
