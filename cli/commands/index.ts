// Every command by its first word. Each file is loaded only when its word is given: `list` must feel instant.
import type { CommandClass } from 'clipanion';
import type { Context } from '../context.ts';

type Load = () => Promise<readonly CommandClass<Context>[]>;

export const COMMANDS: Readonly<Record<string, Load>> = {
  start: async () => [(await import('./start.ts')).StartCommand],
  list: async () => [(await import('./list.ts')).ListCommand],
  output: async () => [(await import('./output.ts')).OutputCommand],
  status: async () => [(await import('./status.ts')).StatusCommand],
  kill: async () => [(await import('./kill.ts')).KillCommand],
  send: async () => [(await import('./send.ts')).SendCommand],
  attach: async () => [(await import('./attach.ts')).AttachCommand],
  wait: async () => [(await import('./wait.ts')).WaitCommand],
  rerun: async () => [(await import('./rerun.ts')).RerunCommand],
  prime: async () => [(await import('./prime.ts')).PrimeCommand],
  cordon: async () => [(await import('./cordon.ts')).CordonCommand],
  uncordon: async () => [(await import('./cordon.ts')).UncordonCommand],
  get: async () => [(await import('./get.ts')).GetCommand],
  describe: async () => [(await import('./describe.ts')).DescribeCommand],
  events: async () => [(await import('./events.ts')).EventsCommand],
  explain: async () => [(await import('./explain.ts')).ExplainCommand],
  apply: async () => [(await import('./apply.ts')).ApplyCommand],
  delete: async () => [(await import('./delete.ts')).DeleteCommand],
  validate: async () => [(await import('./validate.ts')).ValidateCommand],
  plan: async () => [(await import('./plan.ts')).PlanCommand],
  secret: async () => {
    const { SecretSetCommand, SecretListCommand, SecretDeleteCommand } = await import('./secret.ts');
    return [SecretSetCommand, SecretListCommand, SecretDeleteCommand];
  },
  migrate: async () => [(await import('./migrate.ts')).MigrateCommand],
  controller: async () => [(await import('./controller.ts')).ControllerCommand],
  up: async () => [(await import('./up.ts')).UpCommand],
  down: async () => [(await import('./down.ts')).DownCommand],
  shim: async () => [(await import('./shim.ts')).ShimCommand],
  completion: async () => [(await import('./completion.ts')).CompletionCommand],
  version: async () => [(await import('./version.ts')).VersionCommand],
};

export const allCommands = async (): Promise<readonly CommandClass<Context>[]> =>
  (await Promise.all(Object.values(COMMANDS).map((load) => load()))).flat();
