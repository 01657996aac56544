// `status`: the VMs of the namespace, how full they are, and how the sessions fare.
import { Option } from 'clipanion';
import { ReadingCommand } from '../base.ts';
import { bringUp } from '../bring-up.ts';
import { EXIT } from '../error.ts';
import { problemLine } from '../render/problems.ts';
import { statusJSON, statusPicture } from '../render/status.ts';

export class StatusCommand extends ReadingCommand {
  static override paths = [['status']];
  static override usage = { description: 'Show VMs, their capacity, and session counts' };

  up = Option.Boolean('--up', true, { description: 'Bring a controller up when none runs (--no-up: do not)' });

  async execute(): Promise<number> {
    const client = await this.client();
    await bringUp({ context: this.context, client, target: this.target(), up: this.up });
    for (const problem of await client.problems()) this.say(problemLine(problem));
    const vms = (await client.list('VM')).filter((vm) => this.selects(vm));
    const sessions = (await client.list('Session')).filter((session) => this.selects(session));
    const { form } = this;
    if (form === 'json' || form === 'yaml') await this.print(form, statusJSON(vms, sessions));
    else if (form === 'name') this.out(vms.map((vm) => `vm.berth.dev/${vm.metadata.name}\n`).join(''));
    else this.out(statusPicture(vms, sessions, this.context.now(), form === 'wide'));
    return EXIT.ok;
  }
}
