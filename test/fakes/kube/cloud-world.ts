// A cluster, a counted cloud, and controllers between them: what tests of takeovers and outages are played in.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { isTrue } from '../../../controller/api/condition.ts';
import { readAll } from '../../../controller/store/cluster/read.ts';
import { createAll } from './apply.ts';
import type { Assets } from './assets.ts';
import { type CloudServer, startCloudServer } from './cloud-server.ts';
import { installCRDs, installLeases, openApi } from './cluster.ts';
import { type RunningController, startController } from './controller.ts';
import { type Kube, startKube } from './start.ts';

export interface CloudWorld {
  readonly kube: Kube;
  readonly cloud: CloudServer;
  readonly running: Set<RunningController>;
  start(name: string, options?: { readonly kubeconfig?: string; readonly execArgv?: readonly string[] }): RunningController;
  /** Ends it, and forgets it. */
  end(controller: RunningController, signal: NodeJS.Signals): Promise<number | string>;
  /** Who holds the lease, of those that are running. */
  leader(): Promise<RunningController | undefined>;
  /** Sessions `PREFIX-0` … of one pool, all at once. */
  createSessions(prefix: string, count: number): Promise<void>;
  /** How many of these have finished. */
  finished(prefix: string): Promise<number>;
  /** Every session finished well, by a program that was started once; one machine for each VM object, and none beside. */
  judge(): Promise<void>;
  close(): Promise<void>;
}

const POOL = {
  kind: 'VMPool',
  metadata: { name: 'p' },
  spec: { provider: { type: 'Local' }, sizes: [{ name: 'l' }], maxVMs: 6, idleTimeoutSeconds: 0 },
};

export const openCloudWorld = async (assets: Assets): Promise<CloudWorld> => {
  const state = mkdtempSync(join(tmpdir(), 'berth-'));
  const [kube, cloud] = [await startKube(assets), await startCloudServer()];
  await installCRDs(kube);
  await installLeases(kube);
  const api = await openApi(kube);
  await createAll(api, [POOL]);
  const running = new Set<RunningController>();
  const finishedOf = async (prefix: string) =>
    (await readAll(api, 'Session')).filter(
      ({ metadata, status }) => metadata.name.startsWith(prefix) && isTrue(status?.conditions, 'Finished'),
    );
  return {
    kube,
    cloud,
    running,
    start: (name, options = {}) => {
      const controller = startController({ kubeconfig: kube.kubeconfig, state, name, cloud: cloud.url, ...options });
      running.add(controller);
      return controller;
    },
    end: async (controller, signal) => {
      running.delete(controller);
      return controller.end(signal);
    },
    leader: async () => {
      const path = '/apis/coordination.k8s.io/v1/namespaces/default/leases/berth-controller';
      const lease = await api.send<{ spec?: { holderIdentity?: string } }>({ doing: 'read', path }).catch(() => undefined);
      return [...running].find(({ pid }) => lease?.spec?.holderIdentity?.includes(`_${pid}_`));
    },
    createSessions: (prefix, count) =>
      createAll(
        api,
        Array.from({ length: count }, (_, n) => ({
          kind: 'Session',
          metadata: { name: `${prefix}-${n}` },
          spec: { command: ['true'], poolRef: { name: 'p' } },
        })),
      ),
    finished: async (prefix) => (await finishedOf(prefix)).length,
    judge: async () => {
      const [sessions, finished, vms] = [await readAll(api, 'Session'), await finishedOf(''), await readAll(api, 'VM')];
      assert.is(finished.length, sessions.length);
      assert.equal([...new Set(sessions.map(({ status }) => `${status?.phase} ${status?.attempt}`))], ['Completed 1']);
      assert.equal([...cloud.started].sort(), sessions.map(({ metadata }) => `${metadata.uid}.1`).sort());
      assert.is(new Set(cloud.made).size, cloud.made.length, 'machines made twice');
      const uids = new Set(vms.map(({ metadata }) => metadata.uid));
      assert.equal(
        [...cloud.machines.keys()].filter((uid) => !uids.has(uid)),
        [],
        'machines without a VM object',
      );
      console.log(`${sessions.length} sessions, ${cloud.started.length} starts; ${cloud.made.length} machines; ${tally(cloud)}`);
    },
    close: async () => {
      for (const controller of running) await controller.end('SIGKILL');
      await api.close();
      await kube.close();
      await cloud.close();
      rmSync(state, { recursive: true, force: true });
    },
  };
};

/** `17 create, 60 launch`: what the provider and its machines were asked to do. */
const tally = ({ calls }: CloudServer): string =>
  Object.entries(Object.groupBy(calls, ({ what }) => what))
    .map(([what, of]) => `${of.length} ${what}`)
    .join(', ');
