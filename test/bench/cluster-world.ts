// What is measured on a cluster: a real API server, our controller on it as a program, and the counts that the server
// itself keeps of what it was asked.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { build } from 'esbuild';
import type { Api } from '../../controller/store/cluster/request.ts';
import { kubeAssets } from '../fakes/kube/assets.ts';
import { installCRDs, installLeases, openApi } from '../fakes/kube/cluster.ts';
import { fetchAssets } from '../fakes/kube/fetch-assets.ts';
import { freePort, type Kube, startKube } from '../fakes/kube/start.ts';

export interface ClusterBench {
  readonly kube: Kube;
  readonly api: Api;
  readonly folder: string;
  /** Ready when its caches are synced. `world`: as cluster-controller.ts has it. */
  start(world: string): Promise<MeasuredController>;
  /** Counts since the server started, by verb and resource: `PATCH sessions/status`. */
  requests(): Promise<ReadonlyMap<string, number>>;
  close(): Promise<void>;
}

export interface MeasuredController {
  readonly pid: number;
  /** From the start of the program, in milliseconds. */
  readonly syncedAfterMs: number;
  /** By its own gauge: to ask the server for all of them, again and again, would be most of what it does. */
  completed(): Promise<number>;
  stop(): Promise<void>;
}

const ROOT = resolve(import.meta.dirname, '..', '..');
const READY_MS = 120_000;

export const openClusterBench = async (): Promise<ClusterBench> => {
  const fetched = process.env.KUBEBUILDER_ASSETS ? undefined : fetchAssets('crd');
  if (fetched) process.env.KUBEBUILDER_ASSETS = 'folder' in fetched ? fetched.folder : '';
  const assets = kubeAssets('a cluster', ['full', 'old', 'crd']);
  if (!assets) throw new Error('there is no API server to measure on');
  const folder = mkdtempSync(join(tmpdir(), 'berth-bench-'));
  const kube = await startKube(assets);
  await installCRDs(kube);
  await installLeases(kube);
  const api = await openApi(kube);
  const program = await bundle();
  const running = new Set<ChildProcess>();
  return {
    kube,
    api,
    folder,
    start: async (world) => {
      const address = `127.0.0.1:${await freePort()}`;
      const env = {
        ...process.env,
        KUBECONFIG: kube.kubeconfig,
        BERTH_LEASE_NAMESPACE: 'default',
        BERTH_LOG_LEVEL: 'error',
        BERTH_HTTP_ADDRESS: address,
      };
      const began = performance.now();
      const child = spawn(process.execPath, [program, join(folder, 'state'), world], { stdio: ['ignore', 'ignore', 'inherit'], env });
      running.add(child);
      await untilReady(child, `http://${address}/readyz`);
      return {
        pid: child.pid ?? 0,
        syncedAfterMs: performance.now() - began,
        completed: async () => countCompleted(await (await fetch(`http://${address}/metrics`)).text()),
        stop: async () => {
          running.delete(child);
          child.kill('SIGTERM');
          await once(child, 'exit');
        },
      };
    },
    requests: async () => countRequests(await kube.kubectl(['get', '--raw', '/metrics'])),
    close: async () => {
      for (const child of running) child.kill('SIGKILL');
      await api.close();
      await kube.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** As it is shipped: from source, a start would be the compiler's. */
const bundle = async (): Promise<string> => {
  const outfile = join(ROOT, 'node_modules', '.cache', 'berth-bench', 'cluster-controller.cjs');
  await build({
    entryPoints: [join(ROOT, 'test', 'bench', 'cluster-controller.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    minifyWhitespace: true,
    external: ['ssh2'],
    define: { 'import.meta.url': 'berthURL', 'import.meta.dirname': '__dirname' },
    banner: { js: "const berthURL = require('node:url').pathToFileURL(__filename).href;" },
    logLevel: 'error',
  });
  return outfile;
};

const untilReady = async (child: ChildProcess, url: string): Promise<void> => {
  for (const end = performance.now() + READY_MS; performance.now() < end; await delay(10)) {
    if (child.exitCode !== null) throw new Error('the controller ended');
    if ((await fetch(url).catch(() => undefined))?.status === 200) return;
  }
  throw new Error(`the controller was not ready within ${READY_MS / 1000} s`);
};

const countCompleted = (metrics: string): number => Number(/^berth_sessions\{phase="Completed"\} (\d+)$/m.exec(metrics)?.[1] ?? 0);

const countRequests = (metrics: string): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const [, labels = '', count] of metrics.matchAll(/^apiserver_request_total\{(.*)\} (\S+)$/gm)) {
    const label = (name: string): string => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
    const subresource = label('subresource');
    const what = `${label('verb')} ${label('resource')}${subresource && `/${subresource}`}`;
    counts.set(what, (counts.get(what) ?? 0) + Number(count));
  }
  return counts;
};

/** What came between two counts, of the verbs and resources that are wanted. */
export const between = (
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  wanted: (what: string) => boolean,
): Readonly<Record<string, number>> =>
  Object.fromEntries(
    [...after]
      .map(([what, count]) => [what, count - (before.get(what) ?? 0)] as const)
      .filter(([what, count]) => count > 0 && wanted(what)),
  );

/** Writes of our kinds. Leases and Events are counted apart. */
export const isWrite = (what: string): boolean => /^(POST|PUT|PATCH|APPLY|DELETE) (sessions|vms|vmpools)/.test(what);

export const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((total, count) => total + count, 0);
