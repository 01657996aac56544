// A real API server for one test file: etcd and kube-apiserver (or crd-apiserver) on loopback, with certificates of their
// own and RBAC on. They end with `close`, and with this process at the latest.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Assets, minorOf, type Variant } from './assets.ts';
import { type Authority, createAuthority } from './certificates.ts';

export interface Kube {
  readonly variant: Variant;
  /** Of an administrator. */
  readonly kubeconfig: string;
  /** Of somebody without any rights but those given; only on servers of our own. */
  kubeconfigOf(user: string, group: string): string;
  /** `https://127.0.0.1:PORT` */
  readonly server: string;
  kubectl(args: readonly string[], options?: { readonly input?: string; readonly kubeconfig?: string }): Promise<string>;
  /** To be measured by; only of servers of our own. */
  pidOf(what: 'API server' | 'etcd'): number | undefined;
  /** Ends the API server, or etcd, at once, as a crash would. */
  kill(what?: 'API server' | 'etcd'): Promise<void>;
  /** What was killed again, on the same ports and data; the API server with flags beside its own. */
  restart(flags?: readonly string[]): Promise<void>;
  /** Forgets all history, so that no old version can be gone on from. */
  compact(): Promise<void>;
  close(): Promise<void>;
}

const run = promisify(execFile);
const READY_MS = 90_000;

/** `flags` are added to those of the API server, where it is one of our own. */
export const startKube = async (assets: Assets, { flags: more = [] }: { readonly flags?: readonly string[] } = {}): Promise<Kube> => {
  if (assets.variant === 'given') return givenKube(assets.kubeconfig);
  const folder = mkdtempSync(join(tmpdir(), 'kube-'));
  mkdirSync(join(folder, 'pki'));
  const authority = createAuthority(join(folder, 'pki'));
  const [port, etcdPort, peerPort] = [await freePort(), await freePort(), await freePort()];
  const server = `https://127.0.0.1:${port}`;
  const kubeconfig = authority.kubeconfig('admin', 'system:masters', server);
  const processes = createProcesses(folder);
  const etcd = `http://127.0.0.1:${etcdPort}`;
  const startEtcd = () => processes.start(join(assets.folder, 'etcd'), etcdFlags(folder, etcd, `http://127.0.0.1:${peerPort}`));
  let store = startEtcd();
  const apiServer = assets.variant === 'crd' ? 'crd-apiserver' : 'kube-apiserver';
  const flags = [
    ...commonFlags(authority, etcd, port),
    ...(assets.variant === 'crd' ? ['--authentication-skip-lookup'] : fullFlags(authority)),
    ...more,
  ];
  const kubectl: Kube['kubectl'] = (args, options = {}) => runKubectl(args, { kubeconfig, ...options });
  const up = async (more: readonly string[] = []): Promise<ChildProcess> => {
    const child = processes.start(join(assets.folder, apiServer), [...flags, ...more]);
    await untilReady(child, kubectl, join(folder, `${apiServer}.log`));
    return child;
  };
  let child = await up();
  if (assets.variant !== 'crd') startManager(assets.folder, processes, authority, server);
  return {
    variant: assets.variant,
    kubeconfig,
    kubeconfigOf: (user, group) => authority.kubeconfig(user, group, server),
    server,
    kubectl,
    pidOf: (what) => (what === 'etcd' ? store : child).pid,
    kill: (what = 'API server') => processes.end(what === 'etcd' ? store : child, 'SIGKILL'),
    restart: async (more) => {
      if (hasEnded(store)) store = startEtcd();
      if (hasEnded(child)) child = await up(more);
      else await untilReady(child, kubectl, join(folder, `${apiServer}.log`));
    },
    compact: () => compactEtcd(etcd),
    close: async () => {
      await processes.endAll();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const givenKube = (kubeconfig: string): Kube => {
  const cannot = async (): Promise<never> => {
    throw new Error('not with a cluster that was given');
  };
  return {
    variant: 'given',
    kubeconfig,
    kubeconfigOf: () => {
      throw new Error('not with a cluster that was given');
    },
    server: '',
    kubectl: (args, options = {}) => runKubectl(args, { kubeconfig, ...options }),
    pidOf: () => undefined,
    kill: cannot,
    restart: cannot,
    compact: cannot,
    close: async () => undefined,
  };
};

const runKubectl = async (
  args: readonly string[],
  { kubeconfig, input }: { readonly kubeconfig: string; readonly input?: string },
): Promise<string> => {
  const done = run('kubectl', ['--kubeconfig', kubeconfig, ...args], { maxBuffer: 2 ** 26 });
  done.child.stdin?.on('error', () => {}); // it ended without reading: its exit code says why
  done.child.stdin?.end(input ?? '');
  return (await done).stdout;
};

const etcdFlags = (folder: string, client: string, peer: string): readonly string[] => [
  ...['--data-dir', join(folder, 'etcd'), '--listen-client-urls', client, '--advertise-client-urls', client],
  ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`, '--unsafe-no-fsync'],
];

const commonFlags = ({ path }: Authority, etcd: string, port: number): readonly string[] => [
  ...[`--etcd-servers=${etcd}`, '--bind-address=127.0.0.1', `--secure-port=${port}`],
  ...[`--tls-cert-file=${path('apiserver.crt')}`, `--tls-private-key-file=${path('apiserver.key')}`, `--client-ca-file=${path('ca.crt')}`],
];

const fullFlags = ({ path }: Authority): readonly string[] => [
  ...['--advertise-address=127.0.0.1', '--service-cluster-ip-range=10.96.0.0/16', '--endpoint-reconciler-type=none'],
  ...['--service-account-issuer=https://kubernetes.default.svc', `--service-account-key-file=${path('sa.pub')}`],
  ...[`--service-account-signing-key-file=${path('sa.key')}`, '--authorization-mode=RBAC', '--disable-admission-plugins=ServiceAccount'],
];

/** Namespaces go and dependents are collected only where a controller manager is. */
const startManager = (assets: string, processes: Processes, authority: Authority, server: string): void => {
  const binary = join(assets, 'kube-controller-manager');
  if (!existsSync(binary)) return;
  const kubeconfig = authority.kubeconfig('kcm', 'system:masters', server);
  processes.start(binary, [
    ...[`--kubeconfig=${kubeconfig}`, '--controllers=namespace,garbagecollector,clusterrole-aggregation', '--leader-elect=false'],
    ...['--bind-address=127.0.0.1', '--secure-port=0', '--use-service-account-credentials=false', ...withoutInsecurePort(binary)],
  ]);
};

/** Before 1.24 there was one more port, the same for all: of two managers at the same time the second one ended. */
const withoutInsecurePort = (binary: string): readonly string[] => (minorOf(binary) < 24 ? ['--port=0'] : []);

const untilReady = async (child: ChildProcess, kubectl: Kube['kubectl'], log: string): Promise<void> => {
  for (const end = performance.now() + READY_MS; performance.now() < end; await delay(100)) {
    if (child.exitCode !== null) throw new Error(`the API server ended: ${readFileSync(log, 'utf8').slice(-2000)}`);
    const answer = await kubectl(['get', '--raw', '/readyz', '--request-timeout=2s']).catch(() => '');
    if (answer === 'ok') return;
  }
  throw new Error(`the API server was not ready within ${READY_MS / 1000} s: ${readFileSync(log, 'utf8').slice(-2000)}`);
};

const compactEtcd = async (etcd: string): Promise<void> => {
  const ask = async (path: string, body: object): Promise<{ readonly header: { readonly revision: string } }> => {
    const answer = await fetch(`${etcd}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) });
    return (await answer.json()) as { readonly header: { readonly revision: string } };
  };
  const { header } = await ask('range', { key: Buffer.from('/none').toString('base64') });
  await ask('compaction', { revision: header.revision, physical: true });
};

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

interface Processes {
  start(binary: string, args: readonly string[]): ChildProcess;
  end(child: ChildProcess, signal: NodeJS.Signals): Promise<void>;
  endAll(): Promise<void>;
}

const createProcesses = (folder: string): Processes => {
  const running: ChildProcess[] = [];
  const end: Processes['end'] = async (child, signal) => {
    if (hasEnded(child)) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  process.once('exit', () => {
    for (const child of running) child.kill('SIGKILL');
  });
  return {
    start: (binary, args) => {
      const log = openSync(join(folder, `${resolve(binary).split('/').at(-1)}.log`), 'a');
      const child = spawn(binary, args, { cwd: folder, stdio: ['ignore', log, log] });
      closeSync(log);
      running.push(child);
      return child;
    },
    end,
    endAll: async () => {
      for (const child of running.toReversed()) await end(child, 'SIGKILL');
    },
  };
};

export const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};
