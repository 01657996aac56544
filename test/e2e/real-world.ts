// A real controller process on a directory of its own: started, killed and started again; asked through the client that
// commands use and through the command line itself.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { isTrue } from '../../controller/api/condition.ts';
import type { Session, SessionSpec, VMPoolSpec } from '../../controller/api/types.generated.ts';
import { stopAllRuns } from '../../controller/session/stop-all-runs.ts';
import { localShell } from '../../controller/shell/local.ts';
import type { Client } from '../../controller/store/client.ts';
import { openClient } from '../../controller/store/open.ts';
import { until } from '../session/vm-world.ts';

export interface RealWorld {
  readonly root: string;
  readonly manifests: string;
  readonly state: string;
  readonly client: Client;
  /** Puts a manifest into the directory, whole at once. */
  apply(kind: 'Session', name: string, spec: SessionSpec): Promise<void>;
  apply(kind: 'VMPool', name: string, spec: VMPoolSpec): Promise<void>;
  /** Takes a manifest out of it. */
  remove(kind: 'Session' | 'VMPool', name: string): Promise<void>;
  startController(): ChildProcess;
  /** What the controller that was started last has said. */
  log(): Promise<string>;
  /** A command line on this store, as a process of its own. */
  berth(...words: readonly string[]): ChildProcess;
  /** The standard output of a command line that has to succeed. */
  output(...words: readonly string[]): Promise<Buffer>;
  session(name: string): Promise<Session | undefined>;
  finished(name: string, patienceMs: number): Promise<Session>;
  /** uids of the VM objects whose machines exist. */
  machines(): Promise<readonly string[]>;
  /** Ends all that it started, runs on machines included, and removes everything. */
  close(): Promise<void>;
}

const SOURCE_ENTRY = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const BUNDLE = fileURLToPath(new URL('../../dist/berth.mjs', import.meta.url));

/** `entry`: the bundle is what people run; the sources are what coverage is measured on. */
export const openRealWorld = async (entry: 'sources' | 'bundle' = 'sources'): Promise<RealWorld> => {
  const root = await mkdtemp(join(tmpdir(), 'berth-real-'));
  const [manifests, state] = [join(root, 'manifests'), join(root, 'state')];
  let controllers = 0;
  const logFile = () => join(root, `controller-${controllers}.log`);
  await mkdir(manifests);
  const program = entry === 'bundle' ? bundle() : SOURCE_ENTRY;
  const { client } = await openClient({ type: 'dir', path: manifests }, { state, stateHome: root, now: Date.now });
  const children = new Set<ChildProcess>();
  const start = (words: readonly string[], shell?: string): ChildProcess => {
    const argv = [program, ...words, '--store', `dir:${manifests}`, '--state', state];
    const child = shell
      ? spawn('sh', ['-c', shell, 'sh', process.execPath, ...argv], { stdio: 'ignore' })
      : spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };
  const world: RealWorld = {
    root,
    manifests,
    state,
    client,
    apply: async (kind, name, spec) => {
      const text = JSON.stringify({ apiVersion: 'berth.dev/v1alpha1', kind, metadata: { name }, spec });
      const temporary = join(root, `${kind}-${name}`);
      await writeFile(temporary, text);
      await rename(temporary, join(manifests, `${kind}-${name}.json`));
    },
    remove: (kind, name) => rm(join(manifests, `${kind}-${name}.json`)),
    // exec: the process is the controller itself, for whoever kills it.
    startController: () => {
      controllers += 1;
      return start(['controller'], `exec "$@" >'${logFile()}' 2>&1`);
    },
    log: () => readFile(logFile(), 'utf8').catch(() => ''),
    berth: (...words) => start(words),
    output: async (...words) => {
      const child = start(words);
      const [out, err, [code]] = await Promise.all([read(child.stdout), read(child.stderr), once(child, 'close')]);
      if (code !== 0) throw new Error(`berth ${words.join(' ')} ended with ${code}: ${err}`);
      return out;
    },
    session: (name) => client.get('Session', { namespace: 'default', name }),
    finished: (name, patienceMs) =>
      until(async () => {
        const session = await world.session(name);
        return session && isTrue(session.status?.conditions, 'Finished') ? session : undefined;
      }, patienceMs),
    machines: async () => (await machineFolders(state)).map(({ uid }) => uid),
    close: async () => {
      await Promise.all([...children].map(end));
      for (const { folder } of await machineFolders(state)) await stopRuns(folder);
      await rm(root, { recursive: true, force: true });
    },
  };
  return world;
};

const bundle = (): string => {
  if (!existsSync(BUNDLE)) throw new Error('dist/berth.mjs is not there: npm run build');
  return BUNDLE;
};

const read = (stream: ChildProcess['stdout']): Promise<Buffer> => (stream ? buffer(stream) : Promise.resolve(Buffer.alloc(0)));

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
};

const machineFolders = async (state: string): Promise<readonly { readonly uid: string; readonly folder: string }[]> => {
  const local = join(state, 'local');
  const pools = await readdir(local).catch(() => []);
  const found = await Promise.all(
    pools.map(async (pool) => (await readdir(join(local, pool))).map((uid) => ({ uid, folder: join(local, pool, uid) }))),
  );
  // A hidden one is on its way in or out, and no machine (yet).
  return found.flat().filter(({ uid }) => !uid.startsWith('.'));
};

const stopRuns = async (folder: string): Promise<void> => {
  const shell = localShell({ BERTH_HOME: folder }, process.env);
  await stopAllRuns(shell);
  shell.close();
};
