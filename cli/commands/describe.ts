// `describe`: one resource in full, with what happened to it.
import { Option } from 'clipanion';
import { BerthCommand } from '../base.ts';
import { CliError, EXIT, usageError } from '../error.ts';
import { parseSelection } from '../kind.ts';
import { description } from '../render/describe.ts';

export class DescribeCommand extends BerthCommand {
  static override paths = [['describe']];
  static override usage = { description: 'Show a resource in full, with its events: describe KIND NAME' };

  words = Option.Rest({ required: 1, name: 'KIND' });

  async execute(): Promise<number> {
    const { kinds, names } = parseSelection(this.words);
    const [kind] = kinds;
    if (kind === undefined || kinds.length > 1 || names.length === 0) throw usageError('describe takes a kind and a name');
    const client = await this.client();
    const events = await client.events();
    for (const [index, name] of names.entries()) {
      const object = await client.get(kind, { namespace: this.inNamespace, name });
      if (object === undefined) throw new CliError(`${kind} ${name} not found`, { exit: EXIT.notFound });
      const own = events.filter((event) => event.kind === kind && event.name === name && event.namespace === this.inNamespace);
      const body = await this.context.parts.writeYAML({ Spec: object.spec, Status: object.status ?? {} });
      this.out(`${index > 0 ? '\n' : ''}${description(object, body, own, this.context.now())}`);
    }
    return EXIT.ok;
  }
}
