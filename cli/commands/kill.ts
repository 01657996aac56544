// `kill`: asks for an end, and waits until it is seen.
import { Option } from 'clipanion';
import { findCondition } from '../../controller/api/condition.ts';
import { keyString } from '../../controller/api/object.ts';
import type { Session } from '../../controller/api/types.generated.ts';
import type { Client } from '../../controller/store/client.ts';
import { BerthCommand, plainName, unreachable } from '../base.ts';
import { bringUp } from '../bring-up.ts';
import { parseDuration } from '../duration.ts';
import { EXIT, failureOf, sessionNotFound, usageError } from '../error.ts';
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
    const names = this.all ? await this.selected(client, wanted) : [...new Set(this.ids.map(plainName))];
    const found = await this.request(client, names);
    const running = await bringUp({ context: this.context, client, target: this.target(), up: this.up });
    const expired = AbortSignal.timeout(seconds * 1000);
    let exit: number = EXIT.ok;
    for (const name of names) {
      const code = await this.report(client, { name, before: found.get(name), expired, running });
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
  private async request(client: Client, names: readonly string[]): Promise<ReadonlyMap<string, Session>> {
    const found = new Map<string, Session>();
    for (const name of names) {
      const key = { namespace: this.inNamespace, name };
      const session = await client.get('Session', key);
      if (session === undefined) continue;
      found.set(name, session);
      if (!isFinished(session)) await client.patchSpec('Session', key, { shutdown: this.force ? 'Immediate' : 'Graceful' });
    }
    return found;
  }

  private async report(client: Client, { name, before, expired, running }: Wanted): Promise<number> {
    try {
      if (before === undefined) throw sessionNotFound();
      this.out(killing(name));
      if (isFinished(before)) this.out(alreadyOver(statusOf(before)));
      else await this.watchEnd(client, before, { expired, running });
      return EXIT.ok;
    } catch (error) {
      const { text, exit } = failureOf(error);
      if (exit === EXIT.interrupted) throw error;
      this.say(text);
      return exit;
    }
  }

  private async watchEnd(client: Client, before: Session, { expired, running }: Pick<Wanted, 'expired' | 'running'>): Promise<void> {
    const told = isStarted(before);
    if (told) this.out(signalled(this.force));
    if (!running)
      throw unreachable('no controller runs: the request is kept, and acted on when one does', `Run '${this.context.invokedAs} up'.`);
    const key = keyString(before.metadata);
    const end = await waitUntil(client, ({ sessions }) => endOf(sessions.get(key)), { interrupted: this.context.interrupted, expired });
    if (end === undefined) throw unreachable(`session ${before.metadata.name} has not ended yet; the request stands`);
    if (end.lost !== undefined) throw unreachable(`${end.lost}; the request stands, and the session ends when its VM answers`);
    if (end.session === undefined) return this.out('  Session deleted.\n');
    const started = end.session.status?.startTime !== undefined;
    if (started && !told) this.out(signalled(this.force));
    this.out(ended(statusOf(end.session), started));
  }
}

interface Wanted {
  readonly name: string;
  readonly before: Session | undefined;
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
