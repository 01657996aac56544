// Sessions driven from Pending through Running to Completed a second, by the whole controller, beside a plain client-go
// operator that makes three status writes each, on the same server; and what the API server was asked to write for each.
import { setTimeout as delay } from 'node:timers/promises';
import { readAll } from '../../controller/store/cluster/read.ts';
import type { Api } from '../../controller/store/cluster/request.ts';
import { createAll } from '../fakes/kube/apply.ts';
import { until } from '../fakes/until.ts';
import { sessionNamed } from './cluster-scale.ts';
import { between, type ClusterBench, isWrite, openClusterBench, sum } from './cluster-world.ts';
import type { Bench, Figure } from './figure.ts';
import { findPeer, runPeer } from './peer.ts';
import { usage } from './process-usage.ts';

const SESSIONS = 2_000;
const RUN_MS = 20;
const WORKERS = 16;
const LIMIT_MS = 600_000;
const LOOK_MS = 1_000;
const POOL = {
  kind: 'VMPool',
  metadata: { name: 'default' },
  spec: { provider: { type: 'Local' }, sizes: [{ name: 'l', memoryMiB: 1 << 20 }], maxVMs: 100, idleTimeoutSeconds: 3_600 },
};

export const clusterSessions: Bench = async (scale) => {
  const sessions = Math.max(4, Math.round(SESSIONS * scale));
  const bench = await openClusterBench();
  try {
    const peer = await drivenByPeer(bench, sessions);
    const ours = await drivenByUs(bench, sessions);
    const fixture = `${sessions} sessions of ${RUN_MS} ms, at most 400 at once`;
    const figures: readonly Figure[] = [
      {
        figure: 'cluster-sessions: milliseconds a session',
        value: 1000 / ours.perSecond,
        unit: 'ms',
        fixture,
        sessionsPerSecond: ours.perSecond,
      },
      { figure: 'cluster-sessions: API writes a session', value: sum(ours.writes) / sessions, unit: 'writes', aim: 4, fixture, ...ours },
    ];
    if (peer === undefined) return figures;
    const against = { peerPerSecond: peer.perSecond, ourPerSecond: ours.perSecond };
    const cpu = { peerMs: peer.apiServerMs, ourMs: ours.apiServerMs };
    return [
      ...figures,
      {
        figure: "cluster-sessions: API server's CPU a session against client-go",
        value: ours.apiServerMs / peer.apiServerMs,
        unit: 'times',
        fixture,
        ...cpu,
      },
      {
        figure: 'cluster-sessions: time against client-go',
        value: peer.perSecond / ours.perSecond,
        unit: 'times',
        aim: 1,
        fixture,
        ...against,
      },
    ];
  } finally {
    await bench.close();
  }
};

interface Driven {
  readonly perSecond: number;
  /** CPU of the API server, a session. */
  readonly apiServerMs: number;
}

const drivenByPeer = async (bench: ClusterBench, sessions: number): Promise<Driven | undefined> => {
  const found = findPeer();
  if ('reason' in found) return undefined;
  await createSessions(bench.api, sessions);
  const cpuMs = await apiServerCPU(bench);
  const { perSecond } = await runPeer(found.program, { kubeconfig: bench.kube.kubeconfig, sessions, workers: WORKERS });
  const apiServerMs = ((await apiServerCPU(bench)) - cpuMs) / sessions;
  await bench.kube.kubectl(['delete', '--raw', '/apis/berth.dev/v1alpha1/namespaces/default/sessions']);
  await until(async () => (await readAll(bench.api, 'Session')).length === 0, 'no sessions', LIMIT_MS);
  if (perSecond === undefined) throw new Error('the baseline did not drive the sessions to their end');
  return { perSecond, apiServerMs };
};

interface DrivenByUs extends Driven {
  /** CPU of the controller, a session. */
  readonly controllerMs: number;
  readonly writes: Readonly<Record<string, number>>;
  readonly events: number;
}

const drivenByUs = async (bench: ClusterBench, sessions: number): Promise<DrivenByUs> => {
  await createAll(bench.api, [POOL]);
  await createSessions(bench.api, sessions);
  const before = await bench.requests();
  // Both begin when all that exists is known.
  const controller = await bench.start(String(RUN_MS));
  const began = performance.now();
  const { cpuMs } = await usage(controller.pid);
  const apiServerBefore = await apiServerCPU(bench);
  while ((await controller.completed()) < sessions) {
    if (performance.now() - began > LIMIT_MS) throw new Error(`not all sessions completed within ${LIMIT_MS / 1000} s`);
    await delay(LOOK_MS);
  }
  const seconds = (performance.now() - began) / 1000;
  const controllerMs = ((await usage(controller.pid)).cpuMs - cpuMs) / sessions;
  const apiServerMs = ((await apiServerCPU(bench)) - apiServerBefore) / sessions;
  await assertCompleted(bench, sessions);
  const counts = await bench.requests();
  await controller.stop();
  const events = sum(between(before, counts, (what) => /^(POST|PATCH) events/.test(what)));
  return { perSecond: sessions / seconds, controllerMs, apiServerMs, writes: between(before, counts, isWrite), events };
};

/** Since it started, in milliseconds. Unlike the time of a run it hardly depends on what else the machine does. */
const apiServerCPU = async ({ kube }: ClusterBench): Promise<number> => {
  const pid = kube.pidOf('API server');
  return pid === undefined ? Number.NaN : (await usage(pid)).cpuMs;
};

const createSessions = (api: Api, count: number): Promise<void> =>
  createAll(
    api,
    Array.from({ length: count }, (_, n) => sessionNamed(`s${String(n).padStart(6, '0')}`)),
  );

/** What the controller counts is what the server has. */
const assertCompleted = async ({ api }: ClusterBench, sessions: number): Promise<void> => {
  const completed = (await readAll(api, 'Session')).filter(({ status }) => status?.phase === 'Completed').length;
  if (completed !== sessions) throw new Error(`${completed} of ${sessions} sessions are completed on the server`);
};
