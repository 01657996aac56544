// A restart with very many sessions running: time to synced caches, memory, and what is written, beside a plain client-go
// operator on the same objects.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Session, VM } from '../../controller/api/types.generated.ts';
import { readAll } from '../../controller/store/cluster/read.ts';
import type { Api } from '../../controller/store/cluster/request.ts';
import { createAll, inParallel } from '../fakes/kube/apply.ts';
import { wipe } from '../fakes/kube/cluster.ts';
import { until } from '../fakes/until.ts';
import type { Standing } from './cluster-controller.ts';
import { between, type ClusterBench, isWrite, openClusterBench, sum } from './cluster-world.ts';
import { type Bench, type Figure, median } from './figure.ts';
import { findPeer, type PeerRun, runPeer } from './peer.ts';
import { untilCalm, usage } from './process-usage.ts';

const SESSIONS = 10_000;
const PER_VM = 4;
const ROUNDS = 3;
export const POOL = {
  kind: 'VMPool',
  metadata: { name: 'default' },
  spec: { provider: { type: 'Local' }, sizes: [{ name: 'l', memoryMiB: 1 << 20 }], maxVMs: 2_500, idleTimeoutSeconds: 86_400 },
};
export const sessionNamed = (name: string) => ({
  kind: 'Session',
  metadata: { name },
  spec: { prompt: 'implement user authentication with session tokens and tests', maxTurns: 10, poolRef: { name: 'default' }, size: 'l' },
});

export const clusterScale: Bench = async (scale) => {
  const sessions = Math.max(PER_VM, Math.round(SESSIONS * scale));
  const vms = Math.ceil(sessions / PER_VM);
  const bench = await openClusterBench();
  try {
    await createAll(bench.api, [POOL]);
    const none = join(bench.folder, 'none.json');
    writeFileSync(none, '[]');
    // The first start fills caches and is left out; here as below, where the pool's counters are written.
    await measure(bench, none);
    const empty = { ours: [await measure(bench, none)], peer: await runIdlePeer(bench) };
    const standing = await fillStanding(bench, vms);
    await measure(bench, standing);
    const ours: Measured[] = [];
    const peer: PeerRun[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      peer.push(...(await runIdlePeer(bench)));
      ours.push(await measure(bench, standing));
    }
    return figures(`${sessions} running sessions on ${vms} VMs; median of ${ROUNDS} restarts, in turn`, sessions, empty, { ours, peer });
  } finally {
    await bench.close();
  }
};

interface Measured {
  readonly syncedAfterMs: number;
  readonly atSyncKiB: number;
  readonly calmKiB: number;
  readonly writes: number;
}

const measure = async (bench: ClusterBench, world: string): Promise<Measured> => {
  const before = await bench.requests();
  const controller = await bench.start(world);
  const { residentKiB: atSyncKiB } = await usage(controller.pid);
  await untilCalm(controller.pid);
  const { residentKiB: calmKiB } = await usage(controller.pid);
  const writes = sum(between(before, await bench.requests(), isWrite));
  await controller.stop();
  return { syncedAfterMs: controller.syncedAfterMs, atSyncKiB, calmKiB, writes };
};

const runIdlePeer = async ({ kube }: ClusterBench): Promise<readonly PeerRun[]> => {
  const found = findPeer();
  return 'reason' in found ? [] : [await runPeer(found.program, { kubeconfig: kube.kubeconfig, sessions: 1, workers: 0 })];
};

interface Runs {
  readonly ours: readonly Measured[];
  readonly peer: readonly PeerRun[];
}

const figures = (fixture: string, sessions: number, empty: Runs, full: Runs): readonly Figure[] => {
  const middle = <T>(of: readonly T[], value: (one: T) => number): number => median(of.map(value));
  const eachOf = (value: (runs: Runs) => number): number => (value(full) - value(empty)) / sessions;
  const syncedMs = middle(full.ours, (one) => one.syncedAfterMs);
  const peerMs = middle(full.peer, (one) => one.syncedAfterMs);
  const each = eachOf(({ ours }) => middle(ours, (one) => one.atSyncKiB));
  const calmEach = eachOf(({ ours }) => middle(ours, (one) => one.calmKiB));
  const peerEach = eachOf(({ peer }) => middle(peer, (one) => one.residentKiB));
  const noPeer = full.peer.length === 0 ? { baseline: 'cannot be built here' } : {};
  const emptyMs = middle(empty.ours, (one) => one.syncedAfterMs);
  const resident = { residentKiB: middle(full.ours, (one) => one.calmKiB), emptyKiB: middle(empty.ours, (one) => one.calmKiB) };
  const ratios: readonly Figure[] = [
    { figure: 'cluster-scale: time to synced against client-go', value: syncedMs / peerMs, unit: 'times', aim: 1.5, fixture, peerMs },
    { figure: 'cluster-scale: memory a session against client-go', value: each / peerEach, unit: 'times', aim: 1.5, fixture, peerEach },
  ];
  return [
    { figure: 'cluster-scale: restart to synced', value: syncedMs, unit: 'ms', fixture, withoutObjectsMs: emptyMs, ...noPeer },
    { figure: 'cluster-scale: memory a session', value: each, unit: 'KiB', fixture, calmEach, ...resident },
    ...(full.peer.length === 0 ? [] : ratios),
    { figure: 'cluster-scale: writes after sync', value: middle(full.ours, (one) => one.writes), unit: 'writes', aim: 0, fixture },
  ];
};

/** Sessions as the controller itself leaves them when they run, copied many times over. Returns the file of what stands. */
export const fillStanding = async (bench: ClusterBench, vms: number): Promise<string> => {
  const { api } = bench;
  const model = await runModel(bench);
  const created: Standing[] = [];
  await inParallel(Array.from({ length: vms }).keys(), async (n) => {
    const name = `default-${n}`;
    const { ownerReferences, finalizers, labels } = model.vm.metadata;
    const like = { kind: 'VM', metadata: { name, ownerReferences, finalizers, labels }, spec: model.vm.spec };
    const vmUID = await createWithStatus(api, like, model.vm.status, (text) => text.replaceAll('default-0', name));
    const runs: Standing['runs'][number][] = [];
    for (let slot = 0; slot < PER_VM; slot++) {
      const session = sessionNamed(`s${String(n * PER_VM + slot).padStart(6, '0')}`);
      const held = { ...session, metadata: { ...session.metadata, finalizers: model.session.metadata.finalizers } };
      const uid = await createWithStatus(api, held, model.session.status, (text) =>
        text.replaceAll('default-0', name).replaceAll(model.vm.metadata.uid, vmUID),
      );
      runs.push({ uid, name: session.metadata.name, startTime: model.session.status?.startTime ?? '' });
    }
    const { createdTime = '' } = model.vm.status ?? {};
    created.push({ machine: { id: name, vmUID, state: 'running', createdTime, region: 'local', hourlyUSD: '0' }, runs });
  });
  const file = join(bench.folder, 'standing.json');
  writeFileSync(file, JSON.stringify(created));
  return file;
};

const runModel = async (bench: ClusterBench): Promise<{ readonly session: Session; readonly vm: VM }> => {
  const { api } = bench;
  const controller = await bench.start('1000000000');
  await createAll(api, [sessionNamed('model')]);
  const session = async () => (await readAll(api, 'Session'))[0];
  await until(async () => (await session())?.status?.phase === 'Running', 'a session that runs', 60_000);
  await delay(2_000);
  const [model, vm] = [await session(), (await readAll(api, 'VM'))[0]];
  await controller.stop();
  if (model === undefined || vm === undefined) throw new Error('nothing runs');
  await wipe(api, ['Session', 'VM']);
  return { session: model, vm };
};

type Like = { readonly kind: string; readonly metadata: { readonly name: string }; readonly spec: object };

const createWithStatus = async (
  api: Api,
  { kind, metadata, spec }: Like,
  status: object | undefined,
  rename: (text: string) => string,
): Promise<string> => {
  const path = `/apis/berth.dev/v1alpha1/namespaces/default/${kind.toLowerCase()}s`;
  const body = { apiVersion: 'berth.dev/v1alpha1', kind, metadata, spec };
  const created = await api.send<{ metadata: { uid: string } }>({ doing: `create ${metadata.name}`, method: 'POST', path, body });
  await api.send({
    doing: `write the status of ${metadata.name}`,
    method: 'PATCH',
    path: `${path}/${metadata.name}/status`,
    query: { fieldManager: 'berth-controller-status' },
    type: 'application/merge-patch+json',
    body: { status: JSON.parse(rename(JSON.stringify(status))) },
  });
  return created.metadata.uid;
};
