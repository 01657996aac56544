// `get`: resources as tables, names or whole.
import { Option } from 'clipanion';
import type { Kind, Kinds } from '../../controller/api/object.ts';
import type { Client } from '../../controller/store/client.ts';
import { ReadingCommand } from '../base.ts';
import { CliError, EXIT, usageError } from '../error.ts';
import { parseSelection, resourceName } from '../kind.ts';
import { resourceTable } from '../render/resources.ts';

export class GetCommand extends ReadingCommand {
  static override paths = [['get']];
  static override usage = { description: 'Show resources: get KIND [NAME], -o json|yaml|name|wide' };

  words = Option.Rest({ required: 1, name: 'KIND' });

  async execute(): Promise<number> {
    const { form } = this;
    const { kinds, names } = parseSelection(this.words);
    if (names.length > 0 && kinds.length > 1) throw usageError('a name needs one kind');
    const client = await this.client();
    const found = await Promise.all(kinds.map(async (kind) => ({ kind, objects: await this.select(client, kind, names) })));
    const objects = found.flatMap((each) => each.objects);
    if (form === 'json' || form === 'yaml') {
      await this.print(form, names.length === 1 ? objects[0] : { apiVersion: 'v1', kind: 'List', items: objects });
    } else if (form === 'name') {
      this.out(
        found.flatMap(({ kind, objects: ofKind }) => ofKind.map(({ metadata }) => `${resourceName(kind, metadata.name)}\n`)).join(''),
      );
    } else if (objects.length === 0) this.say('No resources found.\n');
    else
      this.out(
        found
          .filter((each) => each.objects.length > 0)
          .map(({ kind, objects: ofKind }) => this.table(kind, ofKind, form === 'wide'))
          .join('\n'),
      );
    return EXIT.ok;
  }

  private table(kind: Kind, objects: readonly Kinds[Kind][], wide: boolean): string {
    return resourceTable(kind, objects as readonly never[], { now: this.context.now(), wide, allNamespaces: this.allNamespaces });
  }

  private async select<K extends Kind>(client: Client, kind: K, names: readonly string[]): Promise<readonly Kinds[K][]> {
    if (names.length === 0) {
      const all = (await client.list(kind)).filter((object) => this.selects(object));
      return all.sort((a, b) =>
        `${a.metadata.namespace}/${a.metadata.name}`.localeCompare(`${b.metadata.namespace}/${b.metadata.name}`, 'en', { numeric: true }),
      );
    }
    return Promise.all(
      names.map(async (name) => {
        const object = await client.get(kind, { namespace: this.inNamespace, name });
        if (object === undefined) throw new CliError(`${kind} ${name} not found`, { exit: EXIT.notFound });
        return object;
      }),
    );
  }
}
