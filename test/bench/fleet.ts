// Runs the whole operator over a real directory store until every session has ended: what is measured, and what other
// measurements start from.
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isTrue } from '../../controller/api/condition.ts';
import { createOperator, type Operator } from '../../controller/operator.ts';
import { openLogStore } from '../../controller/output/open-log-store.ts';
import { keepAlive, systemClock } from '../../controller/runtime/clock.ts';
import { silentLog } from '../../controller/runtime/silent-log.ts';
import { openStore } from '../../controller/store/open.ts';
import type { Store } from '../../controller/store/store.ts';
import { writeManifests } from './directory.ts';
import { instantHosts, instantProvider } from './instant-world.ts';

export interface FleetRun {
  /** From the start of the operator, with the store open, to the end of the last session. */
  readonly seconds: number;
  /** By object kind and what was written. */
  readonly writes: Readonly<Record<string, number>>;
}

const RUN_MS = 20;
const POOL = JSON.stringify({
  apiVersion: 'berth.dev/v1alpha1',
  kind: 'VMPool',
  metadata: { name: 'default' },
  spec: { provider: { type: 'Local' }, sizes: [{ name: 'xl', memoryMiB: 1 << 20 }], maxVMs: 200, idleTimeoutSeconds: 0 },
});

/** Leaves the store in `root`: manifests in `manifests`, everything else in `state`; every session finished, no VM. */
export const runFleet = async (root: string, sessions: number): Promise<FleetRun> => {
  const path = join(root, 'manifests');
  const release = keepAlive();
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'pool.json'), POOL);
  await writeManifests(path, sessions);
  const { store, stateFolder, close } = await openStore(
    { type: 'dir', path },
    {
      clock: systemClock,
      newUID: randomUUID,
      holder: { pid: process.pid, host: 'bench', command: 'bench' },
      environment: {},
      stateHome: root,
      state: join(root, 'state'),
    },
  );
  const writes: Record<string, number> = {};
  const logs = openLogStore({ root: join(stateFolder, 'logs') });
  const operator = createOperator({
    store: counting(store, writes),
    providers: new Map([['Local', instantProvider()]]),
    hosts: instantHosts(logs, RUN_MS),
    logs,
    clock: systemClock,
    log: silentLog,
    random: Math.random,
  });
  const began = performance.now();
  const stop = new AbortController();
  const running = operator.run(stop.signal);
  await when(operator, () => operator.informers.Session.list().every(({ status }) => isTrue(status?.conditions, 'Finished')));
  const seconds = (performance.now() - began) / 1000;
  await when(operator, () => operator.informers.VM.list().length === 0);
  stop.abort();
  await running;
  await close();
  release();
  return { seconds, writes };
};

const when = async (operator: Operator, isSo: () => boolean): Promise<void> => {
  await Promise.all(Object.values(operator.informers).map(({ whenSynced }) => whenSynced));
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 100));
};

const counting = (store: Store, writes: Record<string, number>): Store => {
  const count = (what: string): void => {
    writes[what] = (writes[what] ?? 0) + 1;
  };
  return {
    ...store,
    create: (kind, object) => {
      count(`create ${kind}`);
      return store.create(kind, object);
    },
    patchStatus: (kind, at, status) => {
      count(`status ${kind}`);
      return store.patchStatus(kind, at, status);
    },
    patchFinalizers: (kind, at, finalizers) => {
      count(`finalizers ${kind}`);
      return store.patchFinalizers(kind, at, finalizers);
    },
    delete: (kind, at) => {
      count(`delete ${kind}`);
      return store.delete(kind, at);
    },
  };
};
