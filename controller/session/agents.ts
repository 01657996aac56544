// How each agent is started without a person at the keyboard: the documented command lines, one row an agent.
import type { SessionSpec } from '../api/types.generated.ts';

export type Agent = NonNullable<SessionSpec['agent']>;
export type Mode = NonNullable<SessionSpec['mode']>;

export interface Launch {
  readonly agent: Agent;
  readonly mode: Mode;
  readonly maxTurns: number;
}

/** Applied at launch and echoed in status, not defaulted in the schema: a session with a command has none of them. */
export const launchOf = (spec: SessionSpec): Launch => ({
  agent: spec.agent ?? 'amplihack',
  mode: spec.mode ?? 'auto',
  maxTurns: spec.maxTurns ?? 10,
});

export interface CommandLine {
  readonly argv: readonly string[];
  readonly promptOnStdin: boolean;
}

type Form = (launch: Launch, prompt: string) => CommandLine;

/** Claude Code, `claude --help`, print mode: the prompt is read from stdin, the trust dialog is skipped. */
const claude: Form = ({ maxTurns }) => ({
  argv: ['claude', '-p', '--max-turns', String(maxTurns), '--output-format', 'stream-json', '--verbose'],
  promptOnStdin: true,
});

/** amplihack takes the prompt in argv only. `--auto` is its only mode flag: the other modes are slash commands. */
const amplihack: Form = ({ mode, maxTurns }, prompt) => ({
  argv: [
    'amplihack',
    'claude',
    '--auto',
    '--max-turns',
    String(maxTurns),
    '--',
    '-p',
    mode === 'auto' ? prompt : `/amplihack:${mode} ${prompt}`,
  ],
  promptOnStdin: false,
});

const codex: Form = () => ({ argv: ['codex', 'exec', '--sandbox', 'workspace-write'], promptOnStdin: true });

const copilot: Form = (_launch, prompt) => ({ argv: ['copilot', '-p', prompt, '--allow-all-tools'], promptOnStdin: false });

const FORMS: Readonly<Record<Agent, Form>> = { amplihack, claude, codex, copilot };

/** What to run for a session. A command of the user's own gets its prompt as a file, never on stdin. */
export const commandLine = (spec: SessionSpec): CommandLine => {
  if (spec.command) return { argv: spec.command, promptOnStdin: false };
  const launch = launchOf(spec);
  return FORMS[launch.agent](launch, spec.prompt ?? '');
};
