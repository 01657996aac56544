// Berth as manifests/install runs it, but for the kubelet: the files of the image, the arguments of the Deployment, a token of
// the ServiceAccount; and where this machine allows it the mounts of its pod, on a root that is read-only.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, cpSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { skip } from '../../runner/skip.ts';
import { type KubeObject, objectsOf, root } from './manifests.ts';
import { freePort, type Kube } from './start.ts';

export const ACCOUNT = 'system:serviceaccount:berth-system:berth-controller';

/** What the last stage of the Dockerfile copies out of the build, laid out below `folder` as in the image. Returns its WORKDIR. */
export const layImage = (folder: string): string => {
  const stage =
    readFileSync(join(root, 'Dockerfile'), 'utf8')
      .split(/^FROM /m)
      .at(-1) ?? '';
  const [, workdir = '/'] = /^WORKDIR (\S+)$/m.exec(stage) ?? [];
  for (const [, from = '', to = ''] of stage.matchAll(/^COPY --from=build (\S+) (\S+)$/gm)) {
    const path = from.replace('/app/', '');
    const target = join(folder, resolve(workdir, to));
    cpSync(join(root, path), to.endsWith('/') ? join(target, path) : target, { recursive: true });
  }
  return join(folder, workdir);
};

interface Container {
  readonly args: readonly string[];
  readonly startupProbe: Probe;
  readonly readinessProbe: Probe;
}
interface Probe {
  readonly httpGet: { readonly path: string };
}

export const container = (): Container => {
  const deployment = objectsOf('manifests/install.yaml').find(({ kind }) => kind === 'Deployment') as KubeObject & {
    readonly spec: { readonly template: { readonly spec: { readonly containers: readonly [Container] } } };
  };
  return deployment.spec.template.spec.containers[0];
};

export interface Account {
  readonly token: string;
  readonly server: URL;
  /** PEM. */
  readonly authority: string;
  /** With nothing but the token. */
  readonly kubeconfig: string;
}

/** The controller's ServiceAccount. */
export const accountOf = async (kube: Kube, folder: string): Promise<Account> => {
  const token = (await kube.kubectl(['create', 'token', 'berth-controller', '-n', 'berth-system', '--duration=1h'])).trim();
  const config = JSON.parse(await kube.kubectl(['config', 'view', '--raw', '--minify', '--flatten', '-o', 'json'])) as {
    readonly clusters: readonly [{ readonly cluster: { readonly server: string; readonly 'certificate-authority-data'?: string } }];
  };
  const { cluster } = config.clusters[0];
  const kubeconfig = join(folder, 'account.kubeconfig');
  const named = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'account',
    clusters: [{ name: 'cluster', cluster }],
    contexts: [{ name: 'account', context: { cluster: 'cluster', user: 'account' } }],
    users: [{ name: 'account', user: { token } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(named), { mode: 0o600 });
  const authority = Buffer.from(cluster['certificate-authority-data'] ?? '', 'base64').toString();
  return { token, server: new URL(cluster.server), authority, kubeconfig };
};

export interface Installed {
  readonly process: ChildProcess;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly logApiPort: number;
  /** Resolves with the exit code, or the signal's name. */
  end(signal: NodeJS.Signals): Promise<number | string>;
}

/** With the Deployment's arguments, but for the paths and the port; and with Local pools, for there is no other machine. */
export const startInstalled = async (options: {
  readonly image: string;
  readonly account: Account;
  /** Of its own, below that of temporary files. */
  readonly folder: string;
}): Promise<Installed> => {
  const [port, logApiPort] = [await freePort(), await freePort()];
  const file = join(options.folder, 'controller.log');
  const ports = { '0.0.0.0:8080': `127.0.0.1:${port}`, '=8443': `=127.0.0.1:${logApiPort}` };
  const args = container().args.map((arg) => Object.entries(ports).reduce((text, [there, here]) => text.replace(there, here), arg));
  const { argv, env } = (canMount() ? inPod : outsideOfPods)(options.account, options.folder, [
    process.execPath,
    join(options.image, 'dist/berth.mjs'),
    ...args,
    '--allow-local',
  ]);
  const output = openSync(file, 'a');
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, {
    cwd: options.folder,
    stdio: ['ignore', output, output],
    env: { PATH: process.env.PATH, HOME: options.folder, BERTH_POD_IP: '127.0.0.1', ...env },
  });
  closeSync(output);
  process.once('exit', () => child.kill('SIGKILL'));
  return {
    process: child,
    url: `http://127.0.0.1:${port}`,
    logApiPort,
    end: async (signal) => {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill(signal);
        await ended;
      }
      return child.exitCode ?? child.signalCode ?? 'unknown';
    },
  };
};

const canMount = (): boolean => process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;

type Started = (
  account: Account,
  folder: string,
  argv: readonly string[],
) => { readonly argv: readonly string[]; readonly env: Readonly<Record<string, string>> };

/** What the kubelet mounts, in a mount namespace of its own: temporary files and tmux's sockets stay writable, all else but the volume does not. */
const POD = `set -e
mount --bind "$1" "$1"
mkdir -p -m 700 "/tmp/berth-$(id -u)"
mount --bind "/tmp/berth-$(id -u)" "/tmp/berth-$(id -u)"
mount -t tmpfs none /run
mkdir -p /run/secrets/kubernetes.io
cp -r "$2/serviceaccount" /run/secrets/kubernetes.io/
mount -t tmpfs none /var/lib
mkdir /var/lib/berth
mount --bind "$2/state" /var/lib/berth
mount -o remount,ro,bind /
shift 2
exec "$@"`;

const inPod: Started = ({ token, server, authority }, folder, argv) => {
  mkdirSync(join(folder, 'state'), { recursive: true });
  mkdirSync(join(folder, 'serviceaccount'), { recursive: true });
  for (const [name, text] of Object.entries({ token, 'ca.crt': authority, namespace: 'berth-system' })) {
    writeFileSync(join(folder, 'serviceaccount', name), text);
  }
  return {
    argv: ['unshare', '-m', 'sh', '-c', POD, 'sh', dirname(folder), folder, ...argv],
    env: { KUBERNETES_SERVICE_HOST: server.hostname, KUBERNETES_SERVICE_PORT: server.port || '443' },
  };
};

const outsideOfPods: Started = ({ kubeconfig }, folder, argv) => {
  skip('that the installed controller finds its cluster as a pod does, on a read-only root', 'mounting is not allowed here');
  const state = join(folder, 'state');
  mkdirSync(state, { recursive: true });
  return {
    argv: argv.map((arg) => arg.replace('/var/lib/berth', state)),
    env: { KUBECONFIG: kubeconfig, BERTH_LEASE_NAMESPACE: 'berth-system' },
  };
};
