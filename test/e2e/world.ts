// A user's machine for tests: a home of its own, the stand-in agents and the shim on PATH, the real command line, and a
// background controller that the commands bring up themselves.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import type { Session } from '../../controller/api/types.generated.ts';
import { processesWith } from '../session/vm-world.ts';
import { eventually } from './eventually.ts';
import { openTerminal, type Terminal } from './terminal.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface UserWorld {
  readonly root: string;
  readonly home: string;
  /** The watched directory: the default store. */
  readonly store: string;
  readonly env: Readonly<Record<string, string>>;
  /** The command line, invoked as `berth`. */
  berth(...words: readonly string[]): Promise<Ran>;
  /** A program with the world's environment. */
  run(program: string, ...words: readonly string[]): Promise<Ran>;
  terminal(size?: { readonly columns: number }): Promise<Terminal>;
  /** Sets what the stand-in agents are told; undefined takes it back. */
  tell(name: 'pace' | 'hold' | 'pull-request', value: string | undefined): Promise<void>;
  /** What a stand-in agent recorded: its argv, program first, and the prompt that reached it. */
  started(id: string): Promise<{ readonly argv: readonly string[]; readonly prompt: string }>;
  session(id: string): Promise<Session | undefined>;
  /** Waits until `phase` is in the resource. */
  reaches(id: string, phase: string): Promise<Session>;
  /** Waits until the controller's copy of the output holds `text`: the resource shows it up to 10 s later. */
  prints(id: string, text: string): Promise<string>;
  /** Waits until the resource is as wanted. */
  sees(id: string, look: (session: Session) => boolean): Promise<Session>;
  controllerPID(): Promise<number>;
  close(): Promise<void>;
}

const repository = resolve(import.meta.dirname, '..', '..');
const main = join(repository, 'cli', 'main.ts');
const agents = join(repository, 'test', 'fixtures', 'agents');
/** Set by whoever runs the tests; the controller of one world must not meet those of another. */
const FOREIGN = /^(BERTH_(?!TEST_MARK)|TMUX|XDG_|ANTHROPIC_|OPENAI_|GITHUB_|GH_|COPILOT_|CODEX_)/;

export const openUserWorld = async (): Promise<UserWorld> => {
  const root = await mkdtemp(join(tmpdir(), 'user-'));
  const home = join(root, 'home');
  const shim = join(root, 'shim');
  const store = join(home, '.local', 'share', 'berth');
  await Promise.all([mkdir(join(home, '.stand-in'), { recursive: true }), mkdir(join(root, 'tmux'))]);
  const inherited = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name));
  const env = {
    ...(Object.fromEntries(inherited) as Record<string, string>),
    HOME: home,
    TMUX_TMPDIR: join(root, 'tmux'),
    PATH: `${shim}:${agents}:${process.env.PATH}`,
    LC_ALL: 'C.UTF-8',
  };
  const terminals: Terminal[] = [];
  const run = (program: string, ...words: readonly string[]) => runProgram(program, words, { env, cwd: home });
  const berth = (...words: readonly string[]) => run(process.execPath, main, ...words);

  const world: UserWorld = {
    root,
    home,
    store,
    env,
    berth,
    run,
    terminal: async ({ columns } = { columns: 120 }) => {
      const terminal = await openTerminal({ folder: await mkdtemp(join(root, 'terminal-')), columns, env, cwd: home });
      terminals.push(terminal);
      return terminal;
    },
    tell: (name, value) => {
      const file = join(home, '.stand-in', name);
      return value === undefined ? rm(file, { force: true }) : writeFile(file, value);
    },
    started: async (id) => {
      const record = (what: string) => readFile(join(home, '.stand-in', 'records', `${id}.${what}`), 'utf8');
      return { argv: (await record('argv')).split('\0').slice(0, -1), prompt: await record('prompt') };
    },
    session: async (id) => {
      const text = await readFile(join(store, '.berth', 'sessions', 'default', `${id}.yaml`), 'utf8').catch(() => undefined);
      return text === undefined ? undefined : (parse(text) as Session);
    },
    reaches: (id, phase) => world.sees(id, (session) => session.status?.phase === phase),
    prints: (id, text) =>
      eventually(async () => {
        const uid = (await world.session(id))?.metadata.uid;
        const log = await readFile(join(store, '.berth', 'logs', 'default', `${id}.${uid}`, 'log'), 'utf8').catch(() => '');
        return log.includes(text) ? log : undefined;
      }),
    sees: (id, look) =>
      eventually(async () => {
        const session = await world.session(id);
        return session !== undefined && look(session) ? session : undefined;
      }),
    controllerPID: async () => {
      const { pid } = JSON.parse(await readFile(join(store, '.berth', 'holder.json'), 'utf8')) as { readonly pid: number };
      return pid;
    },
    close: async () => {
      for (const terminal of terminals) await terminal.close();
      await berth('kill', '--all', '--force');
      await berth('down');
      const left = await eventually(async () => ((await processesWith(root)).length === 0 ? 0 : undefined)).catch(() =>
        processesWith(root),
      );
      await rm(root, { recursive: true, force: true });
      if (left !== 0) throw new Error(`processes are left: ${left.join(' ')}`);
    },
  };
  await berth('shim', shim);
  return world;
};

const runProgram = async (
  program: string,
  words: readonly string[],
  { env, cwd }: { readonly env: Readonly<Record<string, string>>; readonly cwd: string },
): Promise<Ran> => {
  const child = spawn(program, words, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (data: string) => {
    text.out += data;
  });
  child.stderr.setEncoding('utf8').on('data', (data: string) => {
    text.err += data;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? -1, ...text };
};
