// `delete`: requests deletion; sessions end first, pools drain first (SPEC 2.5).
import { Option } from 'clipanion';
import { type Kind, keyString, type ObjectKey } from '../../controller/api/object.ts';
import type { Client } from '../../controller/store/client.ts';
import { BerthCommand } from '../base.ts';
import { bringUp } from '../bring-up.ts';
import { CliError, EXIT, usageError } from '../error.ts';
import { parseSelection, resourceName } from '../kind.ts';

export class DeleteCommand extends BerthCommand {
  static override paths = [['delete']];
  static override usage = { description: 'Delete resources: delete KIND NAME…, or -f FILE' };

  files = Option.Array('-f,--file,--filename', [], { description: 'Delete what these manifests name' });
  now = Option.Boolean('--now', false, { description: 'A pool’s sessions are stopped instead of awaited' });
  ignoreNotFound = Option.Boolean('--ignore-not-found', false, { description: 'What is gone already is no error' });
  up = Option.Boolean('--up', true, { description: 'Bring a controller up when none runs (--no-up: do not)' });
  words = Option.Rest({ name: 'KIND' });

  async execute(): Promise<number> {
    const client = await this.client();
    const wanted = this.files.length > 0 ? await this.fromFiles() : this.fromWords();
    for (const { kind, key } of wanted) await this.remove(client, kind, key);
    await bringUp({ context: this.context, client, target: this.target(), up: this.up });
    return EXIT.ok;
  }

  private fromWords(): readonly { readonly kind: Kind; readonly key: ObjectKey }[] {
    const { kinds, names } = parseSelection(this.words.length > 0 ? this.words : ['']);
    const [kind] = kinds;
    if (kind === undefined || kinds.length > 1 || names.length === 0) throw usageError('delete takes a kind and names');
    return names.map((name) => ({ kind, key: { namespace: this.inNamespace, name } }));
  }

  private async fromFiles(): Promise<readonly { readonly kind: Kind; readonly key: ObjectKey }[]> {
    const manifests = (await Promise.all(this.files.map((file) => this.context.parts.readManifests(file, this.context.stdin)))).flat();
    return manifests.map(({ document, origin }) => {
      const { kind, metadata } = document as { readonly kind?: Kind; readonly metadata?: Partial<ObjectKey> };
      if (kind === undefined || metadata?.name === undefined) throw usageError(`${origin}: names nothing to delete`);
      return { kind, key: { namespace: metadata.namespace ?? this.inNamespace, name: metadata.name } };
    });
  }

  private async remove(client: Client, kind: Kind, key: ObjectKey): Promise<void> {
    if ((await client.get(kind, key)) === undefined) {
      if (this.ignoreNotFound) return;
      throw new CliError(`${kind} ${keyString(key)} not found`, { exit: EXIT.notFound });
    }
    await client.delete(kind, key, { now: this.now });
    this.out(`${resourceName(kind, key.name)} deleted\n`);
  }
}
