// `send`: an answer for a session that waits for one; typed into its terminal once.
import { randomUUID } from 'node:crypto';
import { Option } from 'clipanion';
import { keyString } from '../../controller/api/object.ts';
import { BerthCommand } from '../base.ts';
import { bringUp } from '../bring-up.ts';
import { CliError, EXIT, unreachable, usageError } from '../error.ts';
import { isFinished, statusOf } from '../session.ts';
import { type World, waitUntil } from '../world.ts';

const TAKEN_MS = 10_000;
const MAX_INPUTS = 256;
const MAX_CHARACTERS = 4096;

export class SendCommand extends BerthCommand {
  static override paths = [['send']];
  static override usage = { description: 'Type an answer into a session’s terminal' };

  up = Option.Boolean('--up', true, { description: 'Bring a controller up when none runs (--no-up: do not)' });
  id = Option.String({ name: 'ID' });
  text = Option.Rest({ required: 1, name: 'TEXT' });

  async execute(): Promise<number> {
    const text = this.text.join(' ');
    if (text.length > MAX_CHARACTERS)
      throw usageError(`the text has ${text.length} characters; at most ${MAX_CHARACTERS} can be sent at once`);
    const client = await this.client();
    const controller = { context: this.context, client, target: this.target(), up: this.up };
    const session = await this.session(controller, this.id);
    const { name, namespace } = session.metadata;
    if (isFinished(session)) throw new CliError(`session ${name} has ended (${statusOf(session)})`);
    const before = session.spec.input ?? [];
    if (before.length >= MAX_INPUTS) throw new CliError(`session ${name} has taken its ${MAX_INPUTS} inputs`);
    const running = await bringUp(controller);
    const id = `cli-${randomUUID()}`;
    await client.patchSpec('Session', { namespace, name }, { input: [...before, { id, text }] });
    // A merge patch replaces the list whole: the next send must see this one, or it would drop it.
    const taken = ({ sessions }: World): true | undefined =>
      sessions.get(keyString({ namespace, name }))?.spec.input?.some((input) => input.id === id) || undefined;
    const expired = AbortSignal.timeout(TAKEN_MS);
    if (!running || !(await waitUntil(client, taken, { interrupted: this.context.interrupted, expired })))
      throw unreachable(
        `${running ? `the controller has not taken it within ${TAKEN_MS / 1000} s` : 'no controller runs'}: the text is kept, and typed when one does`,
        `Run '${this.context.invokedAs} ${running ? 'status' : 'up'}'.`,
      );
    this.out(`Sent to ${name}.\n`);
    return EXIT.ok;
  }
}
