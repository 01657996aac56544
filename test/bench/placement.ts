// The pure decision of a pool: how long it takes to place very many sessions, and how that grows.
import { API_VERSION } from '../../controller/api/object.ts';
import type { Session, VM, VMPool } from '../../controller/api/types.generated.ts';
import { decide } from '../../controller/reconcilers/pool/decide.ts';
import type { PoolObserved } from '../../controller/reconcilers/pool/model.ts';
import { createRandom } from '../fakes/random.ts';
import { type Bench, median, milliseconds } from './figure.ts';

const SESSIONS = 10_000;
const RUNS = 60;
/** Until all of it is compiled, also for the few. */
const WARM_UP = 20;
const NOW = Date.parse('2026-01-01T12:00:00Z');

export const placement: Bench = async (scale) => {
  const many = Math.round(SESSIONS * scale);
  const few = Math.round(many / 10);
  const worlds = { few: snapshot(few), many: snapshot(many) };
  const times = { few: [] as number[], many: [] as number[] };
  // In turn, after a warm-up of both: what disturbs one disturbs the other.
  for (let run = -WARM_UP; run < RUNS; run++) {
    for (const size of ['few', 'many'] as const) {
      const ms = await milliseconds(() => decide(worlds[size]));
      if (run >= 0) times[size].push(ms);
    }
  }
  const placed = decide(worlds.many).actions.filter((action) => action.do === 'placeSession').length;
  const [ms, growth] = [median(times.many), median(times.many) / median(times.few)];
  const fixture = `${many} pending sessions of mixed needs, ${many / 4} VMs; ${placed} placed; median of ${RUNS}`;
  return [
    { figure: 'placement', value: ms, unit: 'ms', aim: 100, fixture },
    { figure: 'placement growth', value: growth, unit: 'times', aim: 12, fixture: `${few} to ${many} sessions` },
  ];
};

const snapshot = (sessions: number): PoolObserved => {
  const random = createRandom(1);
  const vms = Array.from({ length: Math.ceil(sessions / 4) }, (_, n) => vm(n));
  return {
    now: NOW,
    key: { namespace: 'default', name: 'default' },
    pool,
    sessions: Array.from({ length: sessions }, (_, n) =>
      session(n, {
        priority: random.int(0, 3),
        memoryMiB: random.pick([4096, 8192, 16_384, 32_768]),
        ...(random.chance(0.5) ? { size: 'l' as const } : {}),
      }),
    ),
    vms,
    reachable: new Set(vms.map(({ metadata }) => metadata.uid)),
    freeNames: [],
    offerings: [{ size: 'l', sku: '', region: 'local', hourlyUSD: '0', available: true }],
    logStoreHasSpace: true,
    missingSecrets: new Map(),
    countersDue: false,
  };
};

const metadata = (name: string) => ({
  name,
  namespace: 'default',
  uid: `uid-${name}`,
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: new Date(NOW - 60_000).toISOString(),
  finalizers: ['berth.dev/cleanup'],
});

const pool: VMPool = {
  apiVersion: API_VERSION,
  kind: 'VMPool',
  metadata: metadata('default'),
  spec: { provider: { type: 'Local' }, sizes: [{ name: 'l' }], maxVMs: 10_000 },
};

const session = (n: number, spec: Session['spec']): Session => ({
  apiVersion: API_VERSION,
  kind: 'Session',
  metadata: metadata(`session-${n}`),
  spec: { prompt: 'say hello', ...spec },
});

const vm = (n: number): VM => ({
  apiVersion: API_VERSION,
  kind: 'VM',
  metadata: {
    ...metadata(`default-${n}`),
    ownerReferences: [{ apiVersion: API_VERSION, kind: 'VMPool', name: 'default', uid: 'uid-default', controller: true }],
  },
  spec: { poolRef: { name: 'default' }, size: 'l', slots: 4 },
  status: {
    region: 'local',
    slots: 4,
    memoryMiB: 131_072,
    conditions: [
      { type: 'Ready', status: 'True', reason: 'Ready', message: 'it answers', lastTransitionTime: new Date(NOW - 60_000).toISOString() },
    ],
  },
});
