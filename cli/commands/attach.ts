// `attach`: a live terminal on a running session. Leaving it leaves the session running.
import { Option } from 'clipanion';
import { BerthCommand } from '../base.ts';
import { CliError, EXIT, unreachable } from '../error.ts';
import { isFinished, isStarted, statusOf } from '../session.ts';

export class AttachCommand extends BerthCommand {
  static override paths = [['attach']];
  static override usage = { description: 'A live terminal on a running session; Ctrl-b d leaves it running' };

  id = Option.String({ name: 'ID' });

  async execute(): Promise<number> {
    const client = await this.client();
    const session = await this.session({ context: this.context, client, target: this.target(), up: false }, this.id);
    const { name } = session.metadata;
    const { stdout, stdin } = this.context.terminal;
    if (isFinished(session))
      throw new CliError(`session ${name} has ended (${statusOf(session)})`, {
        hint: `See its output with '${this.context.invokedAs} output ${name}'.`,
      });
    if (!isStarted(session)) throw new CliError(`session ${name} does not run yet (${statusOf(session)})`);
    if (!stdout || !stdin)
      throw new CliError('attach needs a terminal', { hint: `In a pipe, use '${this.context.invokedAs} output ${name} --follow'.` });
    this.say(`Attaching to ${name}. Ctrl-b d detaches; the session goes on.\n`);
    const code = await this.context.parts.attach(this.target(), session);
    if (code !== 0) throw unreachable(`the terminal of session ${name} could not be shown (tmux ended with code ${code})`);
    return EXIT.ok;
  }
}
