// `up`: a controller in the background.
import { BerthCommand } from '../base.ts';
import { startController } from '../bring-up.ts';
import { EXIT, usageError } from '../error.ts';

export class UpCommand extends BerthCommand {
  static override paths = [['up']];
  static override usage = { description: 'Start the controller in the background' };

  async execute(): Promise<number> {
    const client = await this.client();
    if (client.isInstalled) throw usageError('a cluster runs its own controller', 'Install it there; manifests/install has what it takes.');
    const running = await client.holder();
    if (running !== undefined) {
      this.out(`Controller already running (pid ${running.pid} on ${running.host}).\n`);
      return EXIT.ok;
    }
    const { holder, log } = await startController(this.context, client, this.target());
    this.out(`Controller started (pid ${holder.pid}).\n`);
    this.say(`Its log: ${log}\n`);
    return EXIT.ok;
  }
}
