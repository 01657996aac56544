// A folder of manifests with a real controller process on it, used as people use it: files, and the command line with
// its exit codes and both of its streams. Home, state and temporary files are the world's own.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Session } from '../../controller/api/types.generated.ts';
import { stopAllRuns } from '../../controller/session/stop-all-runs.ts';
import { localShell } from '../../controller/shell/local.ts';
import type { Client } from '../../controller/store/client.ts';
import { openClient } from '../../controller/store/open.ts';

export interface Ran {
  readonly exit: number | null;
  readonly out: string;
  readonly err: string;
}

export interface FolderWorld {
  readonly base: string;
  readonly root: string;
  /** Where the state is, as the controller itself finds it. */
  state(): Promise<string>;
  client(): Promise<Client>;
  /** By temp and rename, as good producers do. */
  put(path: string, content: string): void;
  remove(path: string): void;
  /** Resolves once the controller holds the folder. */
  startController(...nodeOptions: readonly string[]): Promise<ChildProcess>;
  stopController(signal?: NodeJS.Signals): Promise<void>;
  /** What the controllers of this world have said. */
  log(): string;
  /** With `--no-up`, where the command has it, so that no controller comes up that nobody ends. */
  berth(...words: readonly string[]): Promise<Ran>;
  session(name: string): Promise<Session | undefined>;
  until<T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>, patienceMs?: number): Promise<T>;
  untilPhase(name: string, phase: string, patienceMs?: number): Promise<Session>;
  /** Ends what runs on its machines: for whoever takes away the disk under them. */
  closeRuns(): Promise<void>;
  /** Ends all that it started, runs on machines included, and removes everything. */
  close(): Promise<void>;
}

const ENTRY = resolve(import.meta.dirname, '..', '..', 'cli', 'main.ts');
/** root may read and write everything: without these two it is a user like others. */
const AS_A_USER = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] as const;
const WITH_UP = new Set(['list', 'status', 'output', 'kill', 'send', 'wait', 'delete']);
const PATIENCE_MS = 60_000;
/** For an orderly end, which also writes down what was covered. */
const END_MS = 3_000;

/** `isOrdinary`: file modes hold for us, be it by a dropped capability. */
const { isOrdinary, prefix } = ((): { readonly isOrdinary: boolean; readonly prefix: readonly string[] } => {
  if (process.getuid?.() !== 0) return { isOrdinary: true, prefix: [] };
  const can = spawnSync(AS_A_USER[0], [...AS_A_USER.slice(1), 'true']).status === 0;
  return { isOrdinary: can, prefix: can ? AS_A_USER : [] };
})();

export { isOrdinary };

export interface FolderOptions {
  /** The folder of manifests; one of its own unless given. */
  readonly root?: (base: string) => string;
}

export const openFolderWorld = (options: FolderOptions = {}): FolderWorld => {
  const base = mkdtempSync(join(tmpdir(), 'bf-'));
  const root = options.root?.(base) ?? join(base, 'manifests');
  for (const folder of [root, join(base, 'home'), join(base, 'tmp')]) mkdirSync(folder, { recursive: true });
  const logFile = join(base, 'controller.log');
  const location = { stateHome: join(base, 'xdg-state', 'berth') };
  const env = environment(base, root);
  const children = new Set<ChildProcess>();
  let controller: ChildProcess | undefined;

  const open = () => openClient({ type: 'dir', path: root }, { ...location, now: Date.now });
  const start = (command: readonly string[], stdio: 'pipe' | 'log'): ChildProcess => {
    const [program = '', ...args] = [...prefix, process.execPath, ...command];
    const child =
      stdio === 'pipe'
        ? spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
        : spawn('sh', ['-c', `exec "$@" >>'${logFile}' 2>&1`, 'sh', program, ...args], { env, stdio: 'ignore' });
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };
  const world: FolderWorld = {
    base,
    root,
    state: async () => (await open()).stateFolder,
    client: async () => (await open()).client,
    put: (path, content) => {
      const temporary = join(dirname(root), '.new');
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(temporary, content);
      renameSync(temporary, join(root, path));
    },
    remove: (path) => rmSync(join(root, path), { recursive: true }),
    startController: async (...nodeOptions) => {
      const child = start([...nodeOptions, ENTRY, 'controller'], 'log');
      controller = child;
      await world.until('a controller', async () => {
        if (child.exitCode !== null) throw new Error(`the controller ended with ${child.exitCode}: ${world.log()}`);
        return (await (await open()).client.holder())?.pid === child.pid && world.log().includes('Started the controller');
      });
      return child;
    },
    stopController: async (signal = 'SIGTERM') => {
      if (controller) await end(controller, signal);
    },
    log: () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : ''),
    berth: async (...words) => {
      const child = start([ENTRY, ...words, ...(WITH_UP.has(words[0] ?? '') ? ['--no-up'] : [])], 'pipe');
      const [out, err, [exit]] = await Promise.all([read(child.stdout), read(child.stderr), once(child, 'close')]);
      return { exit: exit as number | null, out, err };
    },
    session: async (name) => (await open()).client.get('Session', { namespace: 'default', name }),
    until: async (what, look, patienceMs = PATIENCE_MS) => {
      const deadline = performance.now() + patienceMs;
      for (;;) {
        const found = await look();
        if (found !== undefined && found !== false) return found;
        if (performance.now() > deadline) throw new Error(`waited in vain for ${what}; the controller said: ${world.log().slice(-3_000)}`);
        await new Promise((done) => setTimeout(done, 20));
      }
    },
    untilPhase: (name, phase, patienceMs) => {
      const look = async (): Promise<Session | false> => {
        const session = await world.session(name);
        return session?.status?.phase === phase && session;
      };
      return world.until(`${name} ${phase}`, look, patienceMs);
    },
    closeRuns: async () => {
      for (const folder of machineFolders(base)) await stopRuns(folder);
    },
    close: async () => {
      await Promise.all([...children].map((child) => end(child, 'SIGTERM')));
      await world.closeRuns();
      rmSync(base, { recursive: true, force: true });
    },
  };
  return world;
};

const environment = (base: string, root: string): NodeJS.ProcessEnv => {
  const { BERTH_STATE: _, ...inherited } = process.env;
  return {
    ...inherited,
    BERTH_STORE: `dir:${root}`,
    HOME: join(base, 'home'),
    TMPDIR: join(base, 'tmp'),
    XDG_STATE_HOME: join(base, 'xdg-state'),
    XDG_DATA_HOME: join(base, 'xdg-data'),
    NO_COLOR: '1',
  };
};

const read = (stream: ChildProcess['stdout']): Promise<string> => (stream ? text(stream) : Promise.resolve(''));

const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  const impatience = setTimeout(() => child.kill('SIGKILL'), END_MS);
  await exit;
  clearTimeout(impatience);
};

/** Wherever a state folder of this world may be, or have been. */
const machineFolders = (base: string): readonly string[] =>
  globSync(join(base, '{*/.berth,*/*/.berth,xdg-state/berth/*}', 'local', '*', '*'));

const stopRuns = async (folder: string): Promise<void> => {
  const shell = localShell({ BERTH_HOME: folder }, process.env);
  await stopAllRuns(shell);
  shell.close();
};
