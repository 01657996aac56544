// Berth as manifests/install runs it, but for the kubelet: the files of the image, the arguments of the Deployment, a token of
// the ServiceAccount.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, cpSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
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

/** A kubeconfig with nothing but a token of the controller's ServiceAccount. */
export const accountKubeconfig = async (kube: Kube, folder: string): Promise<string> => {
  const token = await kube.kubectl(['create', 'token', 'berth-controller', '-n', 'berth-system', '--duration=1h']);
  const config = JSON.parse(await kube.kubectl(['config', 'view', '--raw', '--minify', '-o', 'json'])) as {
    readonly clusters: readonly [{ readonly cluster: object }];
  };
  const file = join(folder, 'account.kubeconfig');
  const named = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'account',
    clusters: [{ name: 'cluster', cluster: config.clusters[0].cluster }],
    contexts: [{ name: 'account', context: { cluster: 'cluster', user: 'account' } }],
    users: [{ name: 'account', user: { token: token.trim() } }],
  };
  writeFileSync(file, JSON.stringify(named), { mode: 0o600 });
  return file;
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
  readonly kubeconfig: string;
  readonly folder: string;
}): Promise<Installed> => {
  const [port, logApiPort] = [await freePort(), await freePort()];
  const state = join(options.folder, 'state');
  const file = join(options.folder, 'controller.log');
  mkdirSync(state, { recursive: true });
  const here = { '/var/lib/berth': state, '0.0.0.0:8080': `127.0.0.1:${port}`, '=8443': `=127.0.0.1:${logApiPort}` };
  const args = container().args.map((arg) => Object.entries(here).reduce((text, [there, place]) => text.replace(there, place), arg));
  const output = openSync(file, 'a');
  const child = spawn(process.execPath, [join(options.image, 'dist/berth.mjs'), ...args, '--allow-local'], {
    cwd: options.folder,
    stdio: ['ignore', output, output],
    env: {
      PATH: process.env.PATH,
      HOME: options.folder,
      KUBECONFIG: options.kubeconfig,
      // Of the pod, which is none here.
      BERTH_LEASE_NAMESPACE: 'berth-system',
      BERTH_POD_IP: '127.0.0.1',
    },
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
