// `version`: of this program.
import { readFile } from 'node:fs/promises';
import { ReadingCommand } from '../base.ts';
import { packageFile } from '../entry.ts';
import { EXIT } from '../error.ts';

export class VersionCommand extends ReadingCommand {
  static override paths = [['version']];
  static override usage = { description: 'Show the version' };

  async execute(): Promise<number> {
    const { version } = JSON.parse(await readFile(packageFile(), 'utf8')) as { readonly version: string };
    const { form } = this;
    if (form === 'json' || form === 'yaml') await this.print(form, { berth: version, node: process.version });
    else this.out(`berth ${version}\n`);
    return EXIT.ok;
  }
}
