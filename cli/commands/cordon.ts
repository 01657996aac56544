// `cordon` and `uncordon`: whether a VM takes new sessions.
import { Option } from 'clipanion';
import { BerthCommand, plainName } from '../base.ts';
import { CliError, EXIT } from '../error.ts';

abstract class CordoningCommand extends BerthCommand {
  vms = Option.Rest({ required: 1, name: 'VM' });

  protected async setCordoned(cordoned: boolean): Promise<number> {
    const client = await this.client();
    for (const vm of this.vms.map(plainName)) {
      const key = { namespace: this.inNamespace, name: vm };
      const found = await client.get('VM', key);
      if (found === undefined) throw new CliError(`VM ${vm} not found`, { exit: EXIT.notFound });
      const already = (found.spec.cordoned ?? false) === cordoned;
      if (!already) await client.patchSpec('VM', key, { cordoned });
      this.out(`vm.berth.dev/${vm} ${already ? 'already ' : ''}${cordoned ? 'cordoned' : 'uncordoned'}\n`);
    }
    return EXIT.ok;
  }
}

export class CordonCommand extends CordoningCommand {
  static override paths = [['cordon']];
  static override usage = { description: 'Place no new sessions on a VM; it leaves when empty' };

  execute(): Promise<number> {
    return this.setCordoned(true);
  }
}

export class UncordonCommand extends CordoningCommand {
  static override paths = [['uncordon']];
  static override usage = { description: 'Let a VM take sessions again' };

  execute(): Promise<number> {
    return this.setCordoned(false);
  }
}
