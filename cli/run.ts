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
  // Options may come before the command; another word in its place is meant as one.
  const name = first.startsWith('-') ? words.find((word) => Object.hasOwn(COMMANDS, word)) : first;
  const load = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
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
  const command = unmask(parse(cli, split.map(mask), { ...context, tail }, name));
  const commandClass = classes.find((known) => command instanceof known);
  if (commandClass === undefined || command.help) {
    context.stdout.write(classes.map((known) => named(cli.usage(known, { detailed: true, colored }))).join('\n'));
    return EXIT.ok;
  }
  return command.validateAndExecute();
};

const parse = (cli: Cli<Context>, words: readonly string[], context: Context, name: string): Command<Context> => {
  try {
    return cli.process([...words], context);
  } catch (error) {
    const { message, hint = `See '${context.invokedAs} ${name} --help'.` } = misread(cli, error, name);
    throw usageError(`${context.invokedAs} ${name}: ${message.replace(/[.:]$/, '')}`, hint);
  }
};

/** Of several commands and readings the parser names what each would have to be: we say what is wrong with the words. */
const misread = (cli: Cli<Context>, error: unknown, name: string): { readonly message: string; readonly hint?: string } => {
  const [message = ''] = error instanceof Error ? error.message.split('\n') : [];
  const reasons = candidatesOf(error).flatMap(({ reason }) => reason ?? []);
  const reason = reasons.find((each) => each.includes('option')) ?? reasons[0] ?? message;
  const [, word = ''] = /option name \("(.*)"\)/s.exec(reason) ?? [];
  if (/\s/.test(word)) return { message: reason, hint: 'A text that begins with "-" needs a space before it.' };
  const definitions = cli.definitions();
  const options = definitions.flatMap((each) => each.options.flatMap(({ definition }) => definition.split(' ')[0]?.split(',') ?? []));
  const guess = word.startsWith('--') ? nearest(word, options) : undefined;
  if (guess !== undefined) return { message: reason, hint: `Did you mean ${guess}?` };
  const subcommands = definitions.flatMap(({ path }) => path.split(`${name} `)[1] ?? []);
  return { message: reasons.length > 0 || subcommands.length === 0 ? reason : `say what to do: ${subcommands.join(', ')}` };
};

const candidatesOf = (error: unknown): readonly { readonly reason: string | null }[] =>
  error instanceof Error && 'candidates' in error && Array.isArray(error.candidates) ? error.candidates : [];

/** No word of a command line can have one. */
const NUL = '\0';

/** `- [ ] todo`: clipanion takes each word with a dash for an option, though this can be the name of none. */
const mask = (word: string): string => (/^-[^\w-]/.test(word) ? `${NUL}${word}` : word);

const unmask = (command: Command<Context>): Command<Context> => {
  const show = (value: unknown): unknown => (typeof value === 'string' && value.startsWith(NUL) ? value.slice(NUL.length) : value);
  for (const [field, value] of Object.entries(command))
    Object.assign(command, { [field]: Array.isArray(value) ? value.map(show) : show(value) });
  return command;
};

/** clipanion calls every value `#0`; the other lines move with it. */
const named = (usage: string): string =>
  usage.replaceAll(/^( {2}\S*-\S+)( #0)?(?=\S* {2})/gm, (_, names: string, value?: string) => (value ? `${names} VALUE` : `${names}   `));

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
