// `apply`: writes manifests into the store.
import { Option } from 'clipanion';
import type { Manifest } from '../../controller/store/client.ts';
import { BerthCommand } from '../base.ts';
import { EXIT, usageError } from '../error.ts';
import { resourceName } from '../kind.ts';

export class ApplyCommand extends BerthCommand {
  static override paths = [['apply']];
  static override usage = { description: 'Apply manifests: a file, a directory, or - for standard input' };

  files = Option.Array('-f,--file,--filename', [], { description: 'File, directory or -' });
  confirmPrune = Option.Boolean('--confirm-prune', false, { description: 'Let a held-back deletion of many resources through' });

  async execute(): Promise<number> {
    if (this.files.length === 0 && !this.confirmPrune) throw usageError('nothing to apply', 'Name a file or directory with -f.');
    const client = await this.client();
    const manifests = (await Promise.all(this.files.map((file) => this.context.parts.readManifests(file, this.context.stdin)))).flat();
    if (this.files.length > 0 && manifests.length === 0) throw usageError('no resources of Berth in what was given');
    for (const { kind, key, change } of await client.apply(manifests.map((manifest) => this.placed(manifest))))
      this.out(`${resourceName(kind, key.name)} ${change}\n`);
    if (this.confirmPrune) {
      await client.confirmPrune();
      this.out('Held-back deletions confirmed.\n');
    }
    return EXIT.ok;
  }

  /** In the namespace of `-n`, where the manifest names none. */
  private placed(manifest: Manifest): Manifest {
    const document = manifest.document as { readonly metadata?: { readonly namespace?: string } };
    if (this.namespace === undefined || document?.metadata?.namespace) return manifest;
    return { ...manifest, document: { ...document, metadata: { ...document?.metadata, namespace: this.namespace } } };
  }
}
