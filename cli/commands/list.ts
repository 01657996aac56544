// `list`: all sessions of the namespace, oldest first.

import { setTimeout as delay } from 'node:timers/promises';
import { Option } from 'clipanion';
import type { Client } from '../../controller/store/client.ts';
import { ReadingCommand } from '../base.ts';
import { bringUp } from '../bring-up.ts';
import { EXIT, usageError } from '../error.ts';
import { queuePositions } from '../queue.ts';
import { listJSON, listTable } from '../render/list.ts';
import { problemLine } from '../render/problems.ts';
import { byCreation, STATUSES, statusOf } from '../session.ts';

const CLEAR_SCREEN = '\u001b[H\u001b[2J';
const REDRAW_MS = 2000;

export class ListCommand extends ReadingCommand {
  static override paths = [['list']];
  static override usage = { description: 'List sessions' };

  status = Option.String('--status', { description: `Only these: ${STATUSES.join(', ')}` });
  verbose = Option.Boolean('-v,--verbose', false, { description: 'Nothing cut, with pool and reason' });
  watch = Option.Boolean('-w,--watch', false, { description: `Show the list again every ${REDRAW_MS / 1000} s` });
  up = Option.Boolean('--up', true, { description: 'Bring a controller up when none runs (--no-up: do not)' });

  async execute(): Promise<number> {
    const wanted = parseStatus(this.status);
    const client = await this.client();
    await bringUp({ context: this.context, client, target: this.target(), up: this.up });
    for (const problem of await client.problems()) this.say(problemLine(problem));
    if (!this.watch) {
      await this.show(client, wanted);
      return EXIT.ok;
    }
    return this.keepShowing(client, wanted);
  }

  private async show(client: Client, wanted: string | undefined): Promise<void> {
    const all = await client.list('Session', { brief: true });
    const sessions = all
      .filter((session) => this.selects(session) && (wanted === undefined || statusOf(session) === wanted))
      .sort(byCreation);
    const { form } = this;
    if (form === 'json' || form === 'yaml') return this.print(form, listJSON(sessions, queuePositions(all), this.context.now()));
    if (form === 'name') return this.out(sessions.map(({ metadata }) => `session.berth.dev/${metadata.name}\n`).join(''));
    if (sessions.length === 0) return this.say('No sessions found.\n');
    const verbose = this.verbose || form === 'wide';
    const { allNamespaces } = this;
    this.out(listTable(sessions, { now: this.context.now(), verbose, allNamespaces, looked: await hasLooked(client) }));
  }

  /** On a terminal the screen is redrawn, ages included; elsewhere each list follows the last. */
  private async keepShowing(client: Client, wanted: string | undefined): Promise<number> {
    while (!this.context.interrupted.aborted) {
      if (this.context.terminal.stdout) this.out(CLEAR_SCREEN);
      await this.show(client, wanted);
      await delay(REDRAW_MS, undefined, { signal: this.context.interrupted }).catch(() => undefined);
    }
    return EXIT.interrupted;
  }
}

/** An installed controller makes itself ready by the first look. */
const hasLooked = async ({ holder, isInstalled }: Client): Promise<boolean> => {
  const held = await holder();
  return held !== undefined && (isInstalled === true || held.lookedTime !== undefined);
};

export const parseStatus = (text: string | undefined): string | undefined => {
  if (text === undefined || STATUSES.some((status) => status === text)) return text;
  throw usageError(`--status: "${text}" is not a status`, `Use one of ${STATUSES.join(', ')}.`);
};
