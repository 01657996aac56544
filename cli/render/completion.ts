// Shell completion, generated from the commands' definitions.

export interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly { readonly names: readonly string[]; readonly takesValue: boolean; readonly description: string }[];
  /** Words that may follow: subcommands, or values of the first argument. */
  readonly words: readonly string[];
  readonly takesSession: boolean;
}

export type Shell = 'bash' | 'zsh' | 'fish';

export const completionScript = (shell: Shell, commands: readonly CompletedCommand[]): string => SCRIPTS[shell](commands);

const IDS = 'berth list --no-up -o name 2>/dev/null | sed "s:.*/::"';

const bash = (commands: readonly CompletedCommand[]): string => `# bash completion for berth
_berth() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" command='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      remote | -*) ;;
      *) command="\${COMP_WORDS[i]}"; break ;;
    esac
  done
  case "$command" in
    '') COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')}' -- "$cur")) ;;
${commands.map(bashCase).join('\n')}
  esac
}
complete -o default -F _berth berth
`;

const bashCase = ({ name, options, words, takesSession }: CompletedCommand): string => {
  const flags = options.flatMap((option) => option.names).join(' ');
  const rest = [...words, ...(takesSession ? [`'"$(${IDS})"'`] : [])].join(' ');
  return `    ${name}) if [[ "$cur" == -* ]]; then COMPREPLY=($(compgen -W '${flags}' -- "$cur")); else COMPREPLY=($(compgen -W '${rest}' -- "$cur")); fi ;;`;
};

const zsh = (commands: readonly CompletedCommand[]): string => `#compdef berth
_berth() {
  local -a commands
  local command='' i
  commands=(
${commands.map(({ name, description }) => `    ${zshQuote(`${name}:${description}`)}`).join('\n')}
  )
  for ((i = 2; i < CURRENT; i++)); do
    case "\${words[i]}" in
      remote | -*) ;;
      *) command="\${words[i]}"; break ;;
    esac
  done
  case "$command" in
    '') _describe 'command' commands ;;
${commands.map(zshCase).join('\n')}
  esac
}
if [ "$funcstack[1]" = _berth ]; then _berth "$@"; else compdef _berth berth; fi
`;

const zshCase = ({ name, options, words, takesSession }: CompletedCommand): string => {
  const specs = options.flatMap((option) =>
    option.names.map((flag) =>
      zshQuote(`${flag}[${option.description.replaceAll(/[[\]:]/g, ' ')}]${option.takesValue ? ': :_files' : ''}`),
    ),
  );
  const rest = takesSession ? zshQuote(`*: :($(${IDS}))`) : words.length > 0 ? zshQuote(`*: :(${words.join(' ')})`) : "'*: :_files'";
  return `    ${name}) _arguments ${[...specs, rest].join(' ')} ;;`;
};

const zshQuote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const fish = (commands: readonly CompletedCommand[]): string =>
  ['# fish completion for berth', ...commands.flatMap(fishLines), ''].join('\n');

const fishLines = ({ name, description, options, words, takesSession }: CompletedCommand): readonly string[] => {
  const seen = `complete -c berth -n '__fish_seen_subcommand_from ${name}'`;
  return [
    `complete -c berth -f -n __fish_use_subcommand -a ${name} -d ${fishQuote(description)}`,
    ...options.map(
      (option) => `${seen} ${option.names.map(fishFlag).join(' ')}${option.takesValue ? ' -r' : ''} -d ${fishQuote(option.description)}`,
    ),
    ...(words.length > 0 ? [`${seen} -f -a '${words.join(' ')}'`] : []),
    ...(takesSession ? [`${seen} -f -a '(${IDS})'`] : []),
  ];
};

const fishFlag = (name: string): string => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`);

const fishQuote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

const SCRIPTS: Readonly<Record<Shell, (commands: readonly CompletedCommand[]) => string>> = { bash, zsh, fish };
