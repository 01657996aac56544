// Usage: node test/azure/thousand.ts [MACHINES]
// A thousand VM objects and four sessions on each against the fake with Azure's token buckets on: that it converges, that nothing
// is sent before a Retry-After, and how many requests a minute it takes. All of them are idle in the end, and told to go at once.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isTrue } from '../../controller/api/condition.ts';
import { createOperator } from '../../controller/operator.ts';
import { openLogStore } from '../../controller/output/open-log-store.ts';
import { azureProvider } from '../../controller/provider/azure/azure-provider.ts';
import { keepAlive, systemClock } from '../../controller/runtime/clock.ts';
import { silentLog } from '../../controller/runtime/silent-log.ts';
import { instantHosts } from '../bench/instant-world.ts';
import type { LoggedRequest } from '../fakes/azure/request-log.ts';
import { startFakeAzure } from '../fakes/azure/start.ts';
import { createMemoryDatabase, openMemoryStore } from '../fakes/memory-store.ts';
import { environmentFor } from './provider-world.ts';

const machines = Number(process.argv[2] ?? 1_000);
const SLOTS = 4;
const REGION = 'westus3';
const RUN_MS = 1_000;
/** Every machine stays until it is told otherwise. */
const NEVER = 360_000;

const root = mkdtempSync(join(tmpdir(), 'berth-thousand-'));
const fake = await startFakeAzure({ speed: 20 });
Object.assign(process.env, environmentFor(fake));
const release = keepAlive();
for (const quota of ['cores', 'standardESv5Family', 'publicIPs'])
  await fake.control.tell({ kind: 'quota', region: REGION, of: quota, limit: 1_000_000 });
await fake.control.settings({ throttling: true, pageSize: 100 });

const database = createMemoryDatabase({ now: Date.now, newUID: randomUUID });
const identity = {
  userAssignedId: `/subscriptions/${fake.subscription}/resourceGroups/ids/providers/Microsoft.ManagedIdentity/userAssignedIdentities/berth`,
};
const azure = { subscriptionId: fake.subscription, regions: [REGION], network: { allowSSHFrom: ['127.0.0.1/32'] }, identity };
database.create('VMPool', {
  metadata: { namespace: 'default', name: 'many' },
  spec: {
    provider: { type: 'Azure', azure },
    sizes: [{ name: 'l' }],
    maxVMs: machines,
    idleTimeoutSeconds: NEVER,
    bootTimeoutSeconds: 3_600,
  },
});
for (let n = 0; n < machines * SLOTS; n++) {
  database.create('Session', {
    metadata: { namespace: 'default', name: `s-${n}` },
    spec: { command: ['true'], poolRef: { name: 'many' } },
  });
}
const logs = openLogStore({ root: join(root, 'logs') });
const secret = randomBytes(32).toString('hex');
const place = { endpoint: fake.url, authority: fake.url, caFile: fake.caFile, environment: process.env };
const provider = azureProvider({ clock: systemClock, place, keep: async () => secret, secret: async () => undefined });
const operator = createOperator({
  store: openMemoryStore(database),
  providers: new Map([['Azure', provider]]),
  hosts: instantHosts(logs, RUN_MS),
  logs,
  clock: systemClock,
  log: silentLog,
  random: Math.random,
});
const stop = new AbortController();
const running = operator.run(stop.signal);
const began = performance.now();
const seconds = (): string => ((performance.now() - began) / 1000).toFixed(0).padStart(4);
const phase = async (what: string, isSo: () => boolean | Promise<boolean>): Promise<void> => {
  for (let told = 0; !(await isSo()); told++) {
    if (told % 20 === 19) {
      const { VM: vms } = operator.informers;
      const finished = operator.informers.Session.list().filter(({ status }) => isTrue(status?.conditions, 'Finished')).length;
      say(`${seconds()} s  ${vms.list().length} VM objects, ${(await fake.control.bill()).running} machines, ${finished} sessions ended`);
    }
    await delay(1_000);
  }
  say(`${seconds()} s  ${what}`);
};

try {
  await phase(`${machines} machines run`, async () => (await fake.control.bill()).running >= machines);
  const made = await fake.control.requests();
  await phase(`${machines * SLOTS} sessions ended`, () =>
    operator.informers.Session.list().every(({ status }) => isTrue(status?.conditions, 'Finished')),
  );
  database.edit('VMPool', { namespace: 'default', name: 'many' }, { spec: { idleTimeoutSeconds: 0 } });
  await phase('no machine is left', async () => operator.informers.VM.list().length === 0 && (await fake.control.bill()).running === 0);
  const all = await fake.control.requests();
  report('while they were made', made);
  report('in all', all);
  const puts = all.filter((request) => isMachine(request, 'PUT') && request.status === 201).length;
  say(`machines made: ${puts}; at once at most ${(await fake.control.bill()).rows.length}`);
  const early = tooEarly(all);
  say(`answered with 429: ${all.filter(({ status }) => status === 429).length}; sent before the Retry-After of one: ${early}`);
  process.exitCode = puts === machines && early === 0 ? 0 : 1;
} finally {
  stop.abort();
  await running;
  await fake.stop();
  rmSync(root, { recursive: true, force: true });
  release();
}

function isMachine({ method, path }: LoggedRequest, wanted: string): boolean {
  return method === wanted && /\/virtualMachines\/[^/]+$/.test(path);
}

/** The busiest minute of each kind, beside what Azure allows. */
function report(when: string, requests: readonly LoggedRequest[]): void {
  const kinds: readonly (readonly [string, number, (request: LoggedRequest) => boolean])[] = [
    ['PUT virtualMachines/NAME', 500, (request) => isMachine(request, 'PUT')],
    ['DELETE virtualMachines/NAME', 500, (request) => isMachine(request, 'DELETE')],
    ['GET virtualMachines/NAME', 8_000, (request) => isMachine(request, 'GET')],
    ['GET lists of virtualMachines', 300, ({ method, path }) => method === 'GET' && /\/virtualMachines$/.test(path)],
    ['all reads', 1_500, ({ method }) => method === 'GET'],
    ['all writes', 600, ({ method }) => method === 'PUT' || method === 'POST'],
    ['all deletes', 600, ({ method }) => method === 'DELETE'],
  ];
  say(`Requests a minute ${when} (the busiest; Azure's refill a minute, beside what it lets one save up):`);
  for (const [kind, allowed, is] of kinds) {
    const times = requests.filter(is).map(({ real }) => real);
    say(`  ${kind.padEnd(30)} ${String(busiest(times)).padStart(6)}  of ${allowed}, ${times.length} in all`);
  }
}

function busiest(times: readonly number[]): number {
  let most = 0;
  for (let from = 0, to = 0; to < times.length; to++) {
    while ((times[to] ?? 0) - (times[from] ?? 0) > 60_000) from++;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

/** Of the same kind of request: what was sent although it had been told to wait. */
function tooEarly(requests: readonly LoggedRequest[]): number {
  let until = 0;
  let early = 0;
  for (const { real, status, retryAfter } of requests) {
    // Those under way when the refusal was written are no answer to it.
    if (real > until - 10 * 60_000 && real < until - 50 && status !== 429) early++;
    if (status === 429) until = Math.max(until, real + (retryAfter ?? 0) * 1000);
  }
  return early;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
