// `validate`: what a store would refuse, with file, line and column, without a controller.
import { Option } from 'clipanion';
import { BerthCommand } from '../base.ts';
import { EXIT, usageError } from '../error.ts';
import { problemLine } from '../render/problems.ts';

export class ValidateCommand extends BerthCommand {
  static override paths = [['validate']];
  static override usage = { description: 'Check manifests without a controller' };

  files = Option.Array('-f,--file,--filename', [], { description: 'File, directory or -' });
  more = Option.Rest({ name: 'FILE' });

  async execute(): Promise<number> {
    const paths = [...this.files, ...this.more];
    if (paths.length === 0) throw usageError('nothing to validate', 'Name a file or directory with -f.');
    const { documents, problems } = await this.context.parts.validate(paths, this.context.stdin);
    for (const problem of problems) this.say(problemLine(problem));
    if (problems.some(({ isNotice }) => !isNotice)) return EXIT.usage;
    this.out(`${documents} resource(s) valid\n`);
    return EXIT.ok;
  }
}
