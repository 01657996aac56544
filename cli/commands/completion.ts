// `completion`: a completion script for a shell, from the same definitions that parse the words.
import { Cli, Option } from 'clipanion';
import { BerthCommand } from '../base.ts';
import type { Context } from '../context.ts';
import { EXIT, usageError } from '../error.ts';
import { type CompletedCommand, completionScript } from '../render/completion.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
const TAKES_SESSION = new Set(['output', 'kill', 'send', 'attach', 'wait', 'rerun']);
const TAKES_KIND = new Set(['get', 'describe', 'delete', 'explain']);
const KIND_WORDS = ['sessions', 'vmpools', 'vms'];

export class CompletionCommand extends BerthCommand {
  static override paths = [['completion']];
  static override usage = { description: 'Print a completion script: bash, zsh or fish' };

  shell = Option.String({ name: 'SHELL' });

  async execute(): Promise<number> {
    const shell = SHELLS.find((known) => known === this.shell);
    if (shell === undefined) throw usageError(`no completion for "${this.shell}"`, `Use one of ${SHELLS.join(', ')}.`);
    const cli = new Cli<Context>({ binaryName: 'berth' });
    const commands = await this.context.commands();
    for (const command of commands) cli.register(command);
    const definitions = cli.definitions();
    const names = [...new Set(commands.flatMap(({ paths = [] }) => paths.flatMap(([name]) => name ?? [])))];
    this.out(
      completionScript(
        shell,
        names.map((name) => completed(name, definitions)),
      ),
    );
    return EXIT.ok;
  }
}

type Definitions = ReturnType<Cli<Context>['definitions']>;

/** A command with subcommands is completed as one: their names, and all of their options. */
const completed = (name: string, definitions: Definitions): CompletedCommand => {
  const own = definitions.filter(({ path }) => path.split(' ')[1] === name);
  const options = new Map(own.flatMap((definition) => definition.options).map((option) => [option.definition, option]));
  return {
    name,
    description: (own[0]?.description ?? '').trim(),
    options: [...options.values()].map(({ definition, description = '' }) => ({
      names: definition.split(' ')[0]?.split(',') ?? [],
      takesValue: definition.includes(' #'),
      description: description.trim(),
    })),
    words: [
      ...own.flatMap(({ path }) => path.split(' ').slice(2)),
      ...(TAKES_KIND.has(name) ? KIND_WORDS : []),
      ...(name === 'completion' ? SHELLS : []),
    ],
    takesSession: TAKES_SESSION.has(name),
  };
};
