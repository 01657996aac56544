// From words to an exit code: finds the command, reads its options, runs it, and puts errors on stderr with the codes of
// SPEC 5. clipanion parses; what it gets wrong (errors on stdout, exit 1 and 0, colours in pipes, `-n5`) is mended here.
import { Cli, type Command, type CommandClass } from 'clipanion';
import { COMMANDS } from './commands/index.ts';
import type { Context } from './context.ts';
import { EXIT, failureOf, usageError } from './error.ts';
import { commandsUsage, nearest } from './usage.ts';

export const run = async (argv: readonly string[], context: Context): Promise<number> => {
  try {
    return await dispatch(argv[0] === 'remote' ? argv.slice(1) : argv, context);
  } catch (error) {
    const { text, exit } = failureOf(error);
    context.stderr.write(text);
    return exit;
  }
};

const HELP = new Set(['-h', '--help', 'help']);

const dispatch = async (words: readonly string[], context: Context): Promise<number> => {
  const [first, second] = words;
  if (first === undefined) {
    context.stderr.write(await commandsUsage(context.invokedAs));
    return EXIT.usage;
  }
  if (first === 'help' && second !== undefined) return dispatch([second, '--help'], context);
  if (HELP.has(first)) {
    context.stdout.write(await commandsUsage(context.invokedAs));
    return EXIT.ok;
  }
  if (first === '--version') return dispatch(['version'], context);
  const name = words.find((word) => Object.hasOwn(COMMANDS, word));
  const load = name === undefined ? undefined : COMMANDS[name];
  if (name === undefined || load === undefined)
    throw unknownCommand(words.find((word) => !word.startsWith('-')) ?? first, context.invokedAs);
  return execute(name, await load(), words, context);
};

const execute = async (
  name: string,
  classes: readonly CommandClass<Context>[],
  words: readonly string[],
  context: Context,
): Promise<number> => {
  const colored = context.terminal.stdout && context.colorDepth > 1;
  const cli = new Cli<Context>({ binaryName: context.invokedAs, binaryLabel: 'Berth', enableColors: colored });
  for (const commandClass of classes) cli.register(commandClass);
  const { head, tail } = name === 'start' ? splitTail(words) : { head: words, tail: undefined };
  const split = splitShortOptions(head, () => valueOptions(cli));
  const command = parse(cli, split, { ...context, tail }, name);
  const commandClass = classes.find((known) => command instanceof known);
  if (commandClass === undefined || command.help) {
    context.stdout.write(classes.map((known) => cli.usage(known, { detailed: true, colored })).join('\n'));
    return EXIT.ok;
  }
  return command.validateAndExecute();
};

const parse = (cli: Cli<Context>, words: readonly string[], context: Context, name: string): Command<Context> => {
  try {
    return cli.process([...words], context);
  } catch (error) {
    const [message = ''] = error instanceof Error ? error.message.split('\n') : [];
    throw usageError(`${context.invokedAs} ${name}: ${message.replace(/[.:]$/, '')}`, `See '${context.invokedAs} ${name} --help'.`);
  }
};

const unknownCommand = (word: string, invokedAs: string): Error => {
  const guess = nearest(word, Object.keys(COMMANDS));
  return usageError(
    `unknown command "${word}"`,
    guess === undefined ? `See '${invokedAs} help'.` : `Did you mean '${invokedAs} ${guess}'?`,
  );
};

/** clipanion drops `--`, so what follows it is cut off before. */
const splitTail = (words: readonly string[]): { readonly head: readonly string[]; readonly tail: readonly string[] | undefined } => {
  const at = words.indexOf('--');
  return at === -1 ? { head: words, tail: undefined } : { head: words.slice(0, at), tail: words.slice(at + 1) };
};

/** The one-letter options that take a value, from the definitions: `-n,--lines #0`. */
const valueOptions = (cli: Cli<Context>): ReadonlySet<string> =>
  new Set(
    cli
      .definitions()
      .flatMap(({ options }) =>
        options
          .filter(({ definition }) => definition.includes(' #'))
          .flatMap(({ definition }) => definition.split(' ')[0]?.split(',') ?? []),
      )
      .filter((option) => /^-[a-zA-Z]$/.test(option)),
  );

/** `-n5` as `-n 5`, as everybody's fingers know it. */
const splitShortOptions = (words: readonly string[], valueOptions: () => ReadonlySet<string>): readonly string[] => {
  if (!words.some((word) => /^-[a-zA-Z]./.test(word))) return words;
  const options = valueOptions();
  const end = words.indexOf('--');
  return words.flatMap((word, index) => {
    const isShort = word.length > 2 && options.has(word.slice(0, 2)) && word[2] !== '=';
    return isShort && (end === -1 || index < end) ? [word.slice(0, 2), word.slice(2)] : [word];
  });
};
