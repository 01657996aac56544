// `wait`: until sessions run or end; ends with the session's own exit code.
import { Option } from 'clipanion';
import { keyString } from '../../controller/api/object.ts';
import type { Session } from '../../controller/api/types.generated.ts';
import { BerthCommand, plainName } from '../base.ts';
import { bringUp, keepUp } from '../bring-up.ts';
import { parseDuration } from '../duration.ts';
import { CliError, EXIT, failureOf, usageError } from '../error.ts';
import { exitCodeOf, isFinished, isStarted, statusOf } from '../session.ts';
import { waitUntil } from '../world.ts';

const TARGETS = ['running', 'finished'] as const;

export class WaitCommand extends BerthCommand {
  static override paths = [['wait']];
  static override usage = {
    description: 'Wait until sessions end (or run), and end with their exit code',
    details:
      '128+n for signal n, 124 for a deadline or --timeout, 125 when Berth or the VM failed; of several sessions the first that is not zero.',
  };

  for = Option.String('--for', 'finished', { description: `${TARGETS.join(' or ')}; default finished` });
  timeout = Option.String('--timeout', { description: 'Give up after this long, with 124' });
  up = Option.Boolean('--up', true, { description: 'Bring a controller up when none runs (--no-up: do not)' });
  ids = Option.Rest({ required: 1, name: 'ID' });

  async execute(): Promise<number> {
    const target = TARGETS.find((known) => known === this.for);
    if (target === undefined) throw usageError(`--for: "${this.for}" is neither running nor finished`);
    const expired = new AbortController();
    // Not AbortSignal.timeout, whose timer does not keep the process alive.
    const timer =
      this.timeout === undefined ? undefined : setTimeout(() => expired.abort(), parseDuration(this.timeout, '--timeout') * 1000);
    try {
      return await this.waitFor(target, expired.signal);
    } catch (error) {
      const { text, exit } = failureOf(error);
      if (exit === EXIT.interrupted || exit === EXIT.timeout) throw error;
      this.say(text);
      return EXIT.berth; // any smaller code would read as the session's own
    } finally {
      clearTimeout(timer);
    }
  }

  private async waitFor(target: (typeof TARGETS)[number], expired: AbortSignal): Promise<number> {
    const client = await this.client();
    const controller = { context: this.context, client, target: this.target(), up: this.up };
    const keys = new Map<string, string>();
    for (const id of this.ids) {
      const { metadata } = await this.session(controller, id);
      keys.set(keyString(metadata), metadata.uid);
    }
    await bringUp(controller);
    const told = new Set<string>();
    const ends = await waitUntil(client, ({ sessions }) => this.look(sessions, { keys, told, target }), {
      interrupted: this.context.interrupted,
      expired,
      beside: keepUp(controller),
    });
    if (ends === undefined)
      throw new CliError(`timed out after ${this.timeout} waiting for ${this.ids.map(plainName).join(', ')}`, { exit: EXIT.timeout });
    const over = ends.filter((session) => target === 'finished' || (isFinished(session) && !isStarted(session)));
    return over.map(exitCodeOf).find((code) => code !== 0) ?? EXIT.ok;
  }

  private look(
    sessions: ReadonlyMap<string, Session>,
    {
      keys,
      told,
      target,
    }: { readonly keys: ReadonlyMap<string, string>; readonly told: Set<string>; readonly target: (typeof TARGETS)[number] },
  ): readonly Session[] | undefined {
    const there: Session[] = [];
    for (const [key, uid] of keys) {
      const session = sessions.get(key);
      if (session?.metadata.uid !== uid) throw new CliError(`session ${key.slice(key.indexOf('/') + 1)} was deleted`, { exit: EXIT.berth });
      if (!isFinished(session) && !(target === 'running' && isStarted(session))) continue;
      there.push(session);
      if (!told.has(key)) this.out(`${session.metadata.name} ${statusOf(session)}\n`);
      told.add(key);
    }
    return there.length === keys.size ? there : undefined;
  }
}
