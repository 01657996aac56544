// Status writes a second: our store against the barest loop there is, keep-alive HTTPS with a ready-made body, on the same
// objects of the same server, in turn.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Session } from '../../controller/api/types.generated.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import { readAll } from '../../controller/store/cluster/read.ts';
import { createClusterStore } from '../../controller/store/cluster/store.ts';
import { createAll } from '../fakes/kube/apply.ts';
import { sessionNamed } from './cluster-scale.ts';
import { type ClusterBench, openClusterBench } from './cluster-world.ts';
import { type Bench, type Figure, median } from './figure.ts';

const ROUND_MS = 5_000;
const ROUNDS = 5;
const WRITERS = [1, 16] as const;

export const clusterWrites: Bench = async (scale) => {
  const bench = await openClusterBench();
  try {
    await createAll(
      bench.api,
      Array.from({ length: Math.max(...WRITERS) }, (_, n) => sessionNamed(`w${n}`)),
    );
    const roundMs = Math.max(200, ROUND_MS * scale);
    const [ours, bare] = [await storeWriter(bench), await bareWriter(bench)];
    const figures: Figure[] = [];
    for (const writers of WRITERS) figures.push(...(await compare(writers, roundMs, ours.write, bare.write)));
    bare.close();
    return figures;
  } finally {
    await bench.close();
  }
};

/** One status write of the session `wN`, different from the last. */
type Write = (writer: number, count: number) => Promise<void>;

const compare = async (writers: number, roundMs: number, ours: Write, bare: Write): Promise<readonly Figure[]> => {
  const rates = { ours: [] as number[], bare: [] as number[] };
  // The first round warms both up and is left out.
  for (let round = -1; round < ROUNDS; round++) {
    const [bareRate, ourRate] = [await rateOf(bare, writers, roundMs), await rateOf(ours, writers, roundMs)];
    if (round < 0) continue;
    rates.bare.push(bareRate);
    rates.ours.push(ourRate);
  }
  const [ourRate, bareRate] = [median(rates.ours), median(rates.bare)];
  const fixture = `${writers} ${writers === 1 ? 'writer' : 'writers'}; median of ${ROUNDS} rounds of ${roundMs / 1000} s, in turn`;
  return [
    { figure: 'cluster-writes: status writes a second', value: ourRate, unit: 'writes/s', fixture, bareLoop: bareRate },
    // The other way round, as an aim is the most that is wanted: 0.9 of its rate is 1.11 of its time.
    { figure: 'cluster-writes: time of a write against a bare loop', value: bareRate / ourRate, unit: 'times', aim: 1 / 0.9, fixture },
  ];
};

const rateOf = async (write: Write, writers: number, roundMs: number): Promise<number> => {
  const began = performance.now();
  let count = 0;
  const work = async (writer: number): Promise<void> => {
    while (performance.now() - began < roundMs) await write(writer, count++);
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => work(writer)));
  return (count * 1000) / (performance.now() - began);
};

const statusOf = (count: number): NonNullable<Session['status']> => ({
  observedGeneration: 1,
  phase: 'Running',
  message: `write ${count}`,
  startTime: '2026-01-01T00:00:00Z',
  conditions: [
    {
      type: 'Ready',
      status: 'True',
      reason: 'Running',
      message: `write ${count}`,
      lastTransitionTime: '2026-01-01T00:00:00Z',
      observedGeneration: 1,
    },
  ],
});

/** As reconcilers write: against the version that was decided on, by difference, and with the answer read. */
const storeWriter = async ({ api }: ClusterBench): Promise<{ readonly write: Write }> => {
  const store = createClusterStore({ api, clock: systemClock, random: Math.random, record: () => undefined });
  const known = new Map((await readAll(api, 'Session')).map((session) => [session.metadata.name, session]));
  const write: Write = async (writer, count) => {
    const name = `w${writer}`;
    const before = known.get(name);
    if (before === undefined) throw new Error(`${name} is not there`);
    const { uid, resourceVersion } = before.metadata;
    const current = await store
      .patchStatus('Session', { namespace: 'default', name, uid, resourceVersion }, statusOf(count))
      .catch(async (error) => {
        // The bare loop has written meanwhile.
        const stored = await store.get('Session', { namespace: 'default', name });
        if (stored === undefined) throw error;
        return stored;
      });
    known.set(name, current);
  };
  return { write };
};

const bareWriter = async ({ kube }: ClusterBench): Promise<{ readonly write: Write; close(): void }> => {
  const file = (name: string): Buffer => readFileSync(join(dirname(kube.kubeconfig), name));
  const agent = new Agent({ keepAlive: true, ca: file('ca.crt'), cert: file('admin.crt'), key: file('admin.key') });
  const headers = { 'content-type': 'application/merge-patch+json', accept: 'application/json' };
  const write: Write = (writer, count) =>
    new Promise((resolve, reject) => {
      const path = `/apis/berth.dev/v1alpha1/namespaces/default/sessions/w${writer}/status`;
      const sent = request(new URL(path, kube.server), { agent, method: 'PATCH', headers }, (answer) => {
        text(answer).then((body) => (answer.statusCode === 200 ? resolve() : reject(new Error(body))), reject);
      });
      sent.on('error', reject).end(JSON.stringify({ status: statusOf(count) }));
    });
  return { write, close: () => agent.destroy() };
};
