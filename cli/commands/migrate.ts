// `migrate`: manifests from what `amplihack remote` keeps of its sessions and VMs. Reads that file, and changes nothing.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Option } from 'clipanion';
import { BerthCommand } from '../base.ts';
import { CliError, EXIT } from '../error.ts';
import { type Document, migrate } from '../migrate/manifests.ts';
import { parseRemoteState } from '../migrate/remote-state.ts';

export class MigrateCommand extends BerthCommand {
  static override paths = [['migrate']];
  static override usage = {
    description: 'Write manifests from the state of amplihack remote',
    details: 'Sessions that have not finished, and a pool for them. What manifests cannot say is said on standard error.',
    examples: [['Look at them, then apply them', '$0 migrate -o manifests && $0 apply -f manifests'] as [string, string]],
  };

  output = Option.String('-o,--output', { description: 'Directory to write one file each into; default: standard output' });
  pool = Option.String('--pool', 'default', { description: 'Name of the pool; default: default' });
  file = Option.String({ required: false, name: 'FILE' });

  async execute(): Promise<number> {
    const file = this.file ?? join(this.context.env.HOME ?? homedir(), '.amplihack', 'remote-state.json');
    const state = parseRemoteState(await this.read(file), file);
    const { documents, notes, leftOut } = migrate(state, { pool: this.pool, namespace: this.namespace });
    if (this.output === undefined) await this.show(documents);
    else await this.write(documents, this.output);
    for (const note of notes) this.say(`Note: ${note}\n`);
    for (const problem of leftOut) this.say(`Left out: ${problem}\n`);
    if (documents.length + leftOut.length === 0) this.say(`${file} has nothing that has not finished.\n`);
    return leftOut.length > 0 ? EXIT.error : EXIT.ok;
  }

  private read(file: string): Promise<string> {
    return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      const isMissing = error.code === 'ENOENT';
      throw new CliError(isMissing ? `there is no ${file}` : `cannot read ${file}: ${error.message}`, {
        exit: isMissing ? EXIT.notFound : EXIT.error,
        ...(isMissing ? { hint: `Name the file: ${this.context.invokedAs} migrate FILE` } : {}),
      });
    });
  }

  private async show(documents: readonly Document[]): Promise<void> {
    const texts = await Promise.all(documents.map((document) => this.context.parts.writeYAML(document)));
    this.out(texts.join('---\n'));
  }

  /** Nothing that is there is written over: it may have been edited since. */
  private async write(documents: readonly Document[], directory: string): Promise<void> {
    await mkdir(directory, { recursive: true });
    for (const document of documents) {
      const path = join(directory, `${document.kind.toLowerCase()}-${document.metadata.name}.yaml`);
      await writeFile(path, await this.context.parts.writeYAML(document), { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
        throw new CliError(error.code === 'EEXIST' ? `${path} exists already` : `cannot write ${path}: ${error.message}`, {
          ...(error.code === 'EEXIST' ? { hint: 'Name an empty directory with -o, or remove the file.' } : {}),
        });
      });
      this.out(`${path}\n`);
    }
  }
}
