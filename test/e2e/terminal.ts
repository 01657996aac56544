// A person at a terminal: a real tmux of its own with a bash in it, typed into key by key and read off the screen.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from './eventually.ts';

export interface Terminal {
  /** Types a command as printed, and gives back what appeared under it, and its exit code. */
  run(command: string): Promise<{ readonly screen: string; readonly code: number }>;
  /** Types a command on an empty screen, and leaves it running. */
  begin(command: string): Promise<void>;
  /** A key by its tmux name, such as C-c. */
  press(key: string): Promise<void>;
  /** Waits until the screen shows it, and gives the screen back. */
  shows(what: RegExp): Promise<string>;
  /** Waits until the shell asks for the next command. */
  prompt(): Promise<{ readonly screen: string; readonly code: number }>;
  /** As if its window had been closed. */
  close(): Promise<void>;
}

export interface TerminalOptions {
  readonly folder: string;
  readonly columns: number;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

const execute = promisify(execFile);

export const openTerminal = async ({ folder, columns, env, cwd }: TerminalOptions): Promise<Terminal> => {
  const codes = join(folder, 'codes');
  // Relative, from the folder: the path of a socket may have 107 bytes at most.
  const tmux = async (...words: readonly string[]) =>
    (await execute('tmux', ['-u', '-S', 'socket', '-f', '/dev/null', ...words], { cwd: folder, env })).stdout;
  const bash = ['env', `PROMPT_COMMAND=echo $? >> ${codes}`, 'PS1=$ ', 'PS2=> ', 'TERM=screen', 'bash', '--norc', '--noprofile'];
  await tmux('new-session', '-d', '-x', String(columns), '-y', '50', '-c', cwd, ...bash);

  const answers = async () => (await readFile(codes, 'utf8').catch(() => '')).split('\n').slice(0, -1);
  const screen = async () => (await tmux('capture-pane', '-p', '-J', '-S', '-')).replace(/[ \n]+$/, '');
  let answered = 0;
  /** Lines of the command on the screen. */
  let typed = 0;
  const prompt = () =>
    eventually(async () => {
      const codes = await answers();
      if (codes.length <= answered) return undefined;
      const text = await screen();
      if (!/(^|\n)\$$/.test(text)) return undefined;
      answered = codes.length;
      return { screen: text.slice(0, -1).split('\n').slice(typed).join('\n').trimEnd(), code: Number(codes.at(-1)) };
    });
  const type = async (text: string) => {
    for (const line of text.split('\n')) {
      await tmux('send-keys', '-l', line);
      await tmux('send-keys', 'Enter');
    }
  };
  const begin = async (command: string) => {
    await type('clear');
    await prompt();
    await tmux('clear-history');
    typed = command.split('\n').length;
    await type(command);
  };
  await prompt();

  return {
    begin,
    run: async (command) => {
      await begin(command);
      return prompt();
    },
    press: async (key) => void (await tmux('send-keys', key)),
    shows: (what) =>
      eventually(async () => {
        const text = await screen();
        return what.test(text) ? text : undefined;
      }),
    prompt,
    close: async () => void (await tmux('kill-server').catch(() => undefined)),
  };
};
