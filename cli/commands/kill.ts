// `kill`: asks for an end, and waits until it is seen.
import { Option } from 'clipanion';
import { findCondition } from '../../controller/api/condition.ts';
import { keyOf, keyString } from '../../controller/api/object.ts';
import type { Session } from '../../controller/api/types.generated.ts';
import type { Client } from '../../controller/store/client.ts';
import { BerthCommand, plainName } from '../base.ts';
import { awaitReading, type BringUpOptions, bringUp, keepUp } from '../bring-up.ts';
import { parseDuration } from '../duration.ts';
import { EXIT, failureOf, unreachable, usageError } from '../error.ts';
import { alreadyOver, ended, killing, signalled } from '../render/kill.ts';
import { byCreation, isFinished, isStarted, statusOf } from '../session.ts';
import { waitUntil } from '../world.ts';
import { parseStatus } from './list.ts';

export class KillCommand extends BerthCommand {
  static override paths = [['kill']];
  static override usage = {
    description: 'End sessions',
    details: 'SIGTERM to all of a session’s processes and, after ten seconds, SIGKILL; with --force SIGKILL at once.',
  };

  force = Option.Boolean('--force', false, { description: 'SIGKILL at once' });
  status = Option.String('--status', { description: 'With --all: only sessions of this status' });
  all = Option.Boolean('--all', false, { description: 'All sessions of the namespace that have not finished' });
  timeout = Option.String('--timeout', '2m', { description: 'How long to wait for the end; the request stands anyway' });
  up = Option.Boolean('--up', true, { description: 'Bring a controller up when none runs (--no-up: do not)' });
  ids = Option.Rest({ name: 'ID' });

  async execute(): Promise<number> {
    const wanted = parseStatus(this.status);
    const seconds = parseDuration(this.timeout, '--timeout');
    if (this.status !== undefined && !this.all) throw usageError('--status needs --all', 'It ends every session of that status.');
    if (this.all === this.ids.length > 0) throw usageError(this.all ? '--all takes no session IDs' : 'no session ID given');
    const client = await this.client();
    const controller = { context: this.context, client, target: this.target(), up: this.up };
    // Before anything is asked for: what has ended while none ran is not ended once more.
    const running = await bringUp(controller);
    if (running && this.all) await awaitReading(controller);
    const names = this.all ? await this.selected(client, wanted) : [...new Set(this.ids.map(plainName))];
    const asked = await this.request(controller, names);
    const expired = AbortSignal.timeout(seconds * 1000);
    let exit: number = EXIT.ok;
    for (const [name, before] of asked) {
      const code = await this.report(controller, { name, before, expired, running });
      exit ||= code;
    }
    return exit;
  }

  private async selected(client: Client, wanted: string | undefined): Promise<readonly string[]> {
    const sessions = (await client.list('Session')).filter((session) => session.metadata.namespace === this.inNamespace);
    const names = sessions
      .filter((session) => (wanted === undefined ? !isFinished(session) : statusOf(session) === wanted))
      .sort(byCreation)
      .map((session) => session.metadata.name);
    if (names.length === 0) this.say('No sessions found.\n');
    return names;
  }

  /** All requests go out before the first wait, so that the sessions end side by side. */
  private async request(controller: BringUpOptions, names: readonly string[]): Promise<ReadonlyMap<string, Before>> {
    const asked = new Map<string, Before>();
    for (const name of names) {
      const [before] = await Promise.allSettled([this.requestOne(controller, name)]);
      asked.set(name, before);
    }
    return asked;
  }

  private async requestOne(controller: BringUpOptions, name: string): Promise<Session> {
    const session = await this.session(controller, name);
    if (!isFinished(session))
      await controller.client.patchSpec('Session', keyOf(session), { shutdown: this.force ? 'Immediate' : 'Graceful' });
    return session;
  }

  private async report(controller: BringUpOptions, { name, before, expired, running }: Wanted): Promise<number> {
    try {
      if (before.status === 'rejected') throw before.reason;
      this.out(killing(name));
      if (isFinished(before.value)) this.out(alreadyOver(statusOf(before.value)));
      else await this.watchEnd(controller, before.value, { expired, running });
      return EXIT.ok;
    } catch (error) {
      const { text, exit } = failureOf(error);
      if (exit === EXIT.interrupted) throw error;
      this.say(text);
      return exit;
    }
  }

  private async watchEnd(
    controller: BringUpOptions,
    before: Session,
    { expired, running }: Pick<Wanted, 'expired' | 'running'>,
  ): Promise<void> {
    const told = isStarted(before);
    if (told) this.out(signalled(this.force));
    if (!running)
      throw unreachable('no controller runs: the request is kept, and acted on when one does', `Run '${this.context.invokedAs} up'.`);
    const key = keyString(before.metadata);
    const end = await waitUntil(controller.client, ({ sessions }) => endOf(sessions.get(key)), {
      interrupted: this.context.interrupted,
      expired,
      beside: keepUp(controller),
    });
    if (end === undefined) throw unreachable(`session ${before.metadata.name} has not ended yet; the request stands`);
    if (end.lost !== undefined) throw unreachable(`${end.lost}; the request stands, and the session ends when its VM answers`);
    if (end.session === undefined) return this.out('  Session deleted.\n');
    const status = statusOf(end.session);
    // Its own end came first.
    if (status !== 'killed') return this.out(alreadyOver(status));
    const started = end.session.status?.startTime !== undefined;
    if (started && !told) this.out(signalled(this.force));
    this.out(ended(status, started));
  }
}

/** The session when it was asked to end, or why it was not. */
type Before = PromiseSettledResult<Session>;

interface Wanted {
  readonly name: string;
  readonly before: Before;
  readonly expired: AbortSignal;
  readonly running: boolean;
}

interface End {
  readonly session?: Session;
  /** Why the end cannot be seen. */
  readonly lost?: string;
}

const endOf = (session: Session | undefined): End | undefined => {
  if (session === undefined) return {};
  if (isFinished(session)) return { session };
  const ready = findCondition(session.status?.conditions, 'Ready');
  return ready?.status === 'Unknown' && ready.reason === 'VMUnreachable' ? { lost: ready.message } : undefined;
};
