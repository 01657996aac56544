// `shim`: writes an `amplihack` whose `remote` is Berth.
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Option } from 'clipanion';
import { BerthCommand } from '../base.ts';
import { selfCommand } from '../entry.ts';
import { EXIT } from '../error.ts';
import { shimScript } from '../render/shim.ts';

export class ShimCommand extends BerthCommand {
  static override paths = [['shim']];
  static override usage = { description: 'Write an amplihack into DIR that runs Berth for "amplihack remote"' };

  directory = Option.String({ name: 'DIR' });

  async execute(): Promise<number> {
    const directory = resolve(this.directory);
    const path = join(directory, 'amplihack');
    await mkdir(directory, { recursive: true });
    // By rename: a shell that is just reading the old script must not see half of the new one.
    const temporary = `${path}.${process.pid}.tmp`;
    await writeFile(temporary, shimScript(...selfCommand()));
    await chmod(temporary, 0o755);
    await rename(temporary, path);
    this.out(`${path}\n`);
    const onPath = (this.context.env.PATH ?? '').split(':').includes(directory);
    if (!onPath) this.say(`Put it first on PATH: export PATH="${directory}:$PATH"\n`);
    return EXIT.ok;
  }
}
