// `explain`: what a field means, from the schemas.
import { Option } from 'clipanion';
import { BerthCommand } from '../base.ts';
import { CliError, EXIT } from '../error.ts';
import { parseKind } from '../kind.ts';
import { explainText } from '../render/explain.ts';

export class ExplainCommand extends BerthCommand {
  static override paths = [['explain']];
  static override usage = { description: 'Explain a field: explain session.spec.env' };

  field = Option.String({ name: 'KIND.FIELD' });

  async execute(): Promise<number> {
    const [word = '', ...fields] = this.field.split('.');
    const kind = parseKind(word);
    const path = fields.join('.');
    const explanation = await this.context.parts.explain(kind, path);
    if (explanation === undefined) throw new CliError(`field "${this.field}" does not exist`, { exit: EXIT.notFound });
    this.out(explainText(kind, path, explanation));
    return EXIT.ok;
  }
}
