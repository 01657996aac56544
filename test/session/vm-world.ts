// A VM for tests: a directory of its own on this machine, the real shell, supervisor, tmux and processes.
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogStore } from '../../controller/output/log-store.ts';
import { openLogStore } from '../../controller/output/open-log-store.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import { createHosts } from '../../controller/session/create-hosts.ts';
import { type Host, type LaunchSpec, type RunFacts, runKey } from '../../controller/session/host.ts';
import { stopAllRuns } from '../../controller/session/stop-all-runs.ts';
import { localShell } from '../../controller/shell/local.ts';

export type VMWorld = Awaited<ReturnType<typeof openVMWorld>>;

const PATIENCE_MS = 45_000;

export const openVMWorld = async (environment: NodeJS.ProcessEnv = {}, wrap: (logs: LogStore) => LogStore = (logs) => logs) => {
  const root = await mkdtemp(join(tmpdir(), 'berth-vm-'));
  const home = join(root, 'vm');
  const logRoot = join(root, 'logs');
  const shell = () => localShell({ BERTH_HOME: home }, { ...process.env, ...environment });
  const logs = wrap(openLogStore({ root: logRoot }));
  const errors: unknown[] = [];
  const hosts = createHosts({ logs, clock: systemClock, random: () => 0, onError: (_session, error) => errors.push(error) });
  const machine = { id: home, vmUID: 'vm', state: 'running', createdTime: '2026-01-01T00:00:00Z', region: 'local' } as const;
  hosts.open('vm', machine, shell);
  const host = (): Host => hosts.get('vm') ?? fail('no host');
  const facts = (uid: string, attempt = 1): RunFacts | undefined => host().facts().runs.get(runKey({ uid, attempt }));

  const world = {
    root,
    home,
    logRoot,
    logs,
    errors,
    hosts,
    machine,
    shell,
    host,
    facts,
    reachable: () => until(() => host().facts().state === 'reachable' || undefined),
    /** Launches `script` in bash and returns the uid: unique on this machine, as processes are found by it. */
    launch: async (script: string, more: Partial<LaunchSpec> = {}): Promise<string> => {
      const uid = more.uid ?? `u-${randomUUID()}`;
      await world.reachable();
      await host().launch(world.spec(uid, script, more), AbortSignal.timeout(PATIENCE_MS));
      return uid;
    },
    spec: (uid: string, script: string, more: Partial<LaunchSpec> = {}): LaunchSpec => ({
      uid,
      attempt: 1,
      session: { namespace: 'default', name: `n-${uid}`, uid },
      argv: ['bash', '-c', script],
      promptOnStdin: false,
      logBase: 0,
      memoryMiB: 1024,
      capacity: { slots: 100, memoryMiB: 1_000_000 },
      env: {},
      secretEnv: {},
      maxOutputBytes: 1 << 30,
      ...more,
    }),
    /** The facts of a run that ended, with its whole log copied. */
    ended: (uid: string, attempt = 1) =>
      until(() => {
        const found = facts(uid, attempt);
        return found?.exit && found.copied.bytes === found.logBytes ? { ...found, exit: found.exit } : undefined;
      }),
    running: (uid: string) => until(() => (facts(uid)?.state === 'running' ? facts(uid) : undefined)),
    log: (uid: string) => readFile(join(logRoot, 'default', `n-${uid}.${uid}`, 'log')),
    file: (uid: string, name: string, attempt = 1) => join(home, 'runs', `${uid}.${attempt}`, name),
    close: async () => {
      hosts.close('vm');
      const last = shell();
      await stopAllRuns(last);
      last.close();
      await rm(root, { recursive: true, force: true });
    },
  };
  return world;
};

/** Looks again and again until there is something. */
export const until = async <T>(look: () => T | undefined | Promise<T | undefined>, patienceMs = PATIENCE_MS): Promise<T> => {
  const end = Date.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`did not come about within ${patienceMs} ms: ${look}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

/** Fails unless `run` rejects with a message like that. */
export const rejects = async (run: () => Promise<unknown>, message: RegExp): Promise<void> => {
  const error = await run().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error) || !message.test(error.message)) throw new Error(`expected ${message}, got ${error}`);
};

/** The processes whose environment or command line holds `text`. */
export const processesWith = async (text: string): Promise<readonly number[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const parts = await Promise.all(['environ', 'cmdline'].map((name) => readFile(`/proc/${pid}/${name}`, 'latin1').catch(() => '')));
      return parts.some((part) => part.includes(text)) ? [Number(pid)] : [];
    }),
  );
  return found.flat();
};

const fail = (message: string): never => {
  throw new Error(message);
};
