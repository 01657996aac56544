// The variables each agent reads its credentials from: what of them is set in one's shell travels as a secret.
import type { SessionSpec } from '../../controller/api/types.generated.ts';

type Agent = NonNullable<SessionSpec['agent']>;
export type EnvEntry = NonNullable<SessionSpec['env']>[number];

const CLAUDE = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_OAUTH_TOKEN', 'ANTHROPIC_BASE_URL', 'ANTHROPIC_MODEL'];
const GITHUB = ['GH_TOKEN', 'GITHUB_TOKEN'];

const VARIABLES: Readonly<Record<Agent, readonly string[]>> = {
  amplihack: [...CLAUDE, ...GITHUB],
  claude: [...CLAUDE, ...GITHUB],
  codex: ['OPENAI_API_KEY', 'CODEX_API_KEY', 'OPENAI_BASE_URL', ...GITHUB],
  copilot: ['COPILOT_GITHUB_TOKEN', ...GITHUB],
};

/** What of the agent's variables is set and not given by the user himself. */
export const agentVariables = (
  agent: Agent,
  env: Readonly<Record<string, string | undefined>>,
  given: readonly EnvEntry[],
): Readonly<Record<string, string>> => {
  const names = VARIABLES[agent].filter((name) => !given.some((entry) => entry.name === name));
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
};

export const agentSecretName = (agent: Agent): string => `${agent}-env`;

/** Entries that name the secret's keys: values never enter a manifest. */
export const secretEntries = (secret: string, names: readonly string[]): readonly EnvEntry[] =>
  names.map((name) => ({ name, secretRef: { name: secret, key: name } }));
