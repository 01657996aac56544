// `output`: what a session printed, the same while it runs, after its end, and after its VM is gone.
import { once } from 'node:events';
import { Option } from 'clipanion';
import type { Session } from '../../controller/api/types.generated.ts';
import type { Client } from '../../controller/store/client.ts';
import { BerthCommand } from '../base.ts';
import { type BringUpOptions, bringUp, keepUp } from '../bring-up.ts';
import { readAll } from '../bytes.ts';
import { parseCount } from '../duration.ts';
import { CliError, EXIT, interrupted, usageError } from '../error.ts';
import { followOutput, readTail } from '../follow.ts';
import { countLines, outputHeader } from '../render/output.ts';
import { exitCodeOf, isFinished, reasonOf } from '../session.ts';

const DEFAULT_LINES = 100;

export class OutputCommand extends BerthCommand {
  static override paths = [['output']];
  static override usage = {
    description: 'Show what a session printed',
    details: 'With --follow the output streams as it is written, and the command ends with the session’s exit code.',
    examples: [['The last 500 lines', '$0 output sess-20251202-083022-a1b --lines 500'] as [string, string]],
  };

  override namespace = Option.String('--namespace', { description: 'Namespace; default: default' });
  lines = Option.String('-n,--lines', { description: `How many of the last lines; default ${DEFAULT_LINES}` });
  follow = Option.Boolean('-f,--follow', false, { description: 'Go on as more is written, to the end of the session' });
  raw = Option.Boolean('--raw', false, { description: 'The exact bytes, all of them unless told otherwise, without a header' });
  sinceByte = Option.String('--since-byte', { description: 'Begin at this offset instead of at the last lines' });
  up = Option.Boolean('--up', true, { description: 'Bring a controller up when none runs (--no-up: do not)' });
  id = Option.String({ name: 'ID' });

  async execute(): Promise<number> {
    if (this.lines !== undefined && this.sinceByte !== undefined) throw usageError('--lines and --since-byte exclude each other');
    const lines = this.lines === undefined ? undefined : parseCount(this.lines, '--lines');
    const since = this.sinceByte === undefined ? undefined : parseCount(this.sinceByte, '--since-byte');
    const client = await this.client();
    const controller = { context: this.context, client, target: this.target(), up: this.up };
    await this.session(controller, this.id);
    await bringUp(controller);
    const session = await this.session(controller, this.id);
    const end = await client.log(session).size();
    if (since !== undefined && since > end) throw usageError(`--since-byte: the output has only ${end} bytes`);
    const { notice } = client.log(session);
    if (notice !== undefined) this.say(`${notice}\n`);
    await this.begin(client, session, { end, lines, since });
    return this.follow ? this.goOn(controller, session, end) : EXIT.ok;
  }

  /** Everything up to `end`: what is written later belongs to the follower, so nothing repeats and nothing is missing. */
  private async begin(
    client: Client,
    session: Session,
    range: { readonly end: number; readonly lines: number | undefined; readonly since: number | undefined },
  ): Promise<void> {
    const log = client.log(session);
    const { end } = range;
    const since = range.since ?? (this.raw && range.lines === undefined ? 0 : undefined);
    if (this.raw && since !== undefined) return this.copy(log.read(since), end - since);
    const bytes =
      since === undefined
        ? await readTail(log, end, range.lines ?? DEFAULT_LINES)
        : (await readAll(log.read(since))).subarray(0, end - since);
    if (!this.raw) await this.write(outputHeader(session, countLines(bytes), this.context.now()));
    await this.write(bytes);
    const reason = session.status?.startTime === undefined ? reasonOf(session) : undefined;
    if (reason === undefined || end > 0) return;
    this.say(
      `${isFinished(session) ? 'Never started' : 'Not started yet'}: ${reason.reason}${reason.message ? `: ${reason.message}` : ''}\n`,
    );
  }

  private async goOn(controller: BringUpOptions, session: Session, offset: number): Promise<number> {
    const ended = await followOutput(controller.client, session, {
      offset,
      write: (bytes) => this.write(bytes),
      interrupted: this.context.interrupted,
      beside: keepUp(controller),
    }).catch(asOurOwn);
    if (ended === undefined) throw new CliError(`session ${session.metadata.name} was deleted`, { exit: EXIT.berth });
    return exitCodeOf(ended);
  }

  private async copy(chunks: AsyncIterable<Uint8Array>, bytes: number): Promise<void> {
    let missing = bytes;
    for await (const chunk of chunks) {
      await this.write(chunk.subarray(0, missing));
      missing -= chunk.length;
      // At once, for a connection that is cut after the last byte is no error.
      if (missing <= 0) return;
    }
  }

  private async write(data: Uint8Array | string): Promise<void> {
    if (data.length === 0 || this.context.stdout.write(data)) return;
    await once(this.context.stdout, 'drain', { signal: this.context.interrupted }).catch((error: unknown) => {
      throw this.context.interrupted.aborted ? interrupted() : error;
    });
  }
}

/** Any other code would read as the session's. */
const asOurOwn = (error: unknown): never => {
  if (error instanceof CliError && error.exit === EXIT.unreachable)
    throw new CliError(error.message, { hint: error.hint, exit: EXIT.berth });
  throw error;
};
