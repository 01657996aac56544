// Very many sessions over SSH, each printing ten lines a second: what that costs the controller, how late the lines are,
// and whether any is lost. One real OpenSSH server a VM. Theirs are the same processors as the controller's, after it: every line costs
// them about a millisecond, so 200 VMs want eight of them; with fewer, it is there that lines are late.

import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { isTrue } from '../../controller/api/condition.ts';
import type { Session } from '../../controller/api/types.generated.ts';
import { openLogReader } from '../../controller/output/open-log-reader.ts';
import { openRealWorld, type RealWorld } from '../e2e/real-world.ts';
import { type SSHServer, startSSHD } from '../fakes/sshd.ts';
import { until } from '../session/vm-world.ts';
import { type Bench, type Figure, median, percentile } from './figure.ts';

const HOSTS = 200;
const SESSIONS_A_HOST = 4;
const SECONDS = 30;
const LINES_A_SECOND = 10;
const WARM_STARTS = 20;
const FOLLOWED = 20;
/** What would have processors of its own takes what the controller leaves. */
const NICENESS = 15;
const PATIENCE_MS = 30 * 60_000;

/** Waits for a word, then prints its count and the clock. */
const PROGRAM = `
import os, sys, time
go, lines = sys.argv[1], int(sys.argv[2])
while not os.path.exists(go): time.sleep(0.5)
began = time.time()
for n in range(lines):
    time.sleep(max(0, began + n / ${LINES_A_SECOND} - time.time()))
    print(n, '%.6f' % time.time(), flush=True)
`;

export const sshFleet: Bench = async (scale) => {
  const hosts = Math.max(2, Math.round(HOSTS * scale));
  const lines = Math.max(20, Math.round(SECONDS * LINES_A_SECOND * Math.min(1, scale * 2)));
  const world = await openRealWorld('bundle');
  const servers: SSHServer[] = [];
  try {
    const mark = `fleet-${randomUUID()}`;
    for (let n = 0; n < hosts; n++) servers.push(await startSSHD({ mark, niceness: NICENESS }));
    await declarePool(world, servers);
    const controller = world.startController();
    await ready(world, hosts);
    const starts = await warmStarts(world, Math.max(3, Math.round(WARM_STARTS * Math.min(1, scale * 4))));
    const fixture = `${hosts} VMs x ${SESSIONS_A_HOST} sessions, ${LINES_A_SECOND} lines a second each, on ${availableParallelism()} processors`;
    const printed = await printAll(world, controller.pid ?? 0, { count: hosts * SESSIONS_A_HOST, lines, fixture });
    return [
      {
        figure: 'ssh fleet: apply to running on a warm slot, p50',
        value: median(starts),
        unit: 'ms',
        aim: 2000,
        fixture: `one at a time, ${hosts} warm VMs`,
        p90: percentile(starts, 0.9),
      },
      ...printed,
    ];
  } finally {
    await world.close();
    await Promise.all(servers.map((server) => server.close()));
  }
};

const declarePool = async (world: RealWorld, servers: readonly SSHServer[]): Promise<void> => {
  const keys = servers.map(({ client }) => client.text);
  for (const server of servers.slice(1)) server.authorize(keys[0] ?? '');
  await world.client.setSecret({ namespace: 'default', name: 'machines' }, { 'ssh-privatekey': keys[0] ?? '' });
  const hosts = servers.map((server, n) => ({
    name: `h${n}`,
    address: '127.0.0.1',
    port: server.port,
    user: server.user,
    hostKey: server.hostKey(),
  }));
  await world.apply('VMPool', 'fleet', {
    provider: { type: 'SSH', ssh: { credentials: { secretRef: { name: 'machines' } }, hosts } },
    sizes: [{ name: 'l', slots: SESSIONS_A_HOST }],
    minVMs: servers.length,
    maxVMs: servers.length,
  });
};

const ready = (world: RealWorld, hosts: number): Promise<true> =>
  until(async () => {
    const pool = await world.client.get('VMPool', { namespace: 'default', name: 'fleet' });
    return pool?.status?.readyVMs === hosts ? true : undefined;
  }, PATIENCE_MS);

const apply = (world: RealWorld, name: string, command: string[]): Promise<void> =>
  world.apply('Session', name, { command, poolRef: { name: 'fleet' }, memoryMiB: 64 });

const warmStarts = async (world: RealWorld, count: number): Promise<readonly number[]> => {
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const began = performance.now();
    await apply(world, `warm-${n}`, ['true']);
    await until(async () => (isTrue((await world.session(`warm-${n}`))?.status?.conditions, 'Started') ? true : undefined), PATIENCE_MS);
    times.push(performance.now() - began);
    await world.finished(`warm-${n}`, PATIENCE_MS);
  }
  return times;
};

interface Load {
  readonly count: number;
  readonly lines: number;
  readonly fixture: string;
}

const printAll = async (world: RealWorld, pid: number, { count, lines, fixture }: Load): Promise<readonly Figure[]> => {
  const go = join(world.root, 'go');
  const names = Array.from({ length: count }, (_, n) => `s-${n}`);
  for (const name of names) await apply(world, name, ['python3', '-S', '-E', '-c', PROGRAM, go, String(lines)]);
  const sessions = await until(async () => {
    const found = (await world.client.list('Session')).filter(({ metadata }) => metadata.name.startsWith('s-'));
    return found.length === count && found.every(({ status }) => isTrue(status?.conditions, 'Started')) ? found : undefined;
  }, PATIENCE_MS);
  const followed = sessions.filter((_, n) => n % Math.max(1, Math.floor(count / FOLLOWED)) === 0).slice(0, FOLLOWED);
  const stop = new AbortController();
  const delays = Promise.all(followed.map((session) => follow(world, session, lines, stop.signal)));
  const before = { cpu: await cpuSeconds(pid), at: performance.now() };
  await writeFile(go, '');
  const heard = await delays;
  const late = heard.flatMap((one) => one.late);
  const busy = ((await cpuSeconds(pid)) - before.cpu) / ((performance.now() - before.at) / 1000);
  const memory = await residentMiB(pid);
  for (const name of names) await world.finished(name, PATIENCE_MS);
  const wrong = (await Promise.all(sessions.map((session) => isWrong(world, session, lines)))).filter(Boolean).length;
  stop.abort();
  return [
    {
      figure: 'ssh fleet: written to readable, p99',
      value: percentile(late, 0.99),
      unit: 'ms',
      aim: 1000,
      p50: percentile(late, 0.5),
      lines: late.length,
      behind: Math.max(...heard.map(({ behind }) => behind)),
      fixture,
    },
    { figure: 'ssh fleet: logs with a lost or repeated line', value: wrong, unit: 'logs', aim: 0, fixture },
    { figure: 'ssh fleet: CPU of the controller', value: busy * 100, unit: '% of a core', fixture },
    { figure: 'ssh fleet: memory of the controller', value: memory, unit: 'MiB', fixture },
  ];
};

const readerOf = (world: RealWorld, { metadata }: Session) => openLogReader(join(world.state, 'logs'), metadata);

interface Heard {
  /** How late each line came, in ms. */
  readonly late: readonly number[];
  /** How much longer than it should the program took to print them, in ms. */
  readonly behind: number;
}

const follow = async (world: RealWorld, session: Session, lines: number, signal: AbortSignal): Promise<Heard> => {
  const late: number[] = [];
  const printed: number[] = [];
  const ended = new AbortController();
  const bytes = readerOf(world, session).follow(0, AbortSignal.any([signal, ended.signal]));
  for await (const line of createInterface({ input: Readable.from(bytes) })) {
    printed.push(Number(line.split(' ')[1]) * 1000);
    late.push(performance.timeOrigin + performance.now() - (printed.at(-1) ?? 0));
    if (late.length === lines) break;
  }
  ended.abort();
  return { late, behind: (printed.at(-1) ?? 0) - (printed[0] ?? 0) - ((lines - 1) / LINES_A_SECOND) * 1000 };
};

const isWrong = async (world: RealWorld, session: Session, lines: number): Promise<boolean> => {
  const text = Buffer.concat(await Array.fromAsync(readerOf(world, session).read(0))).toString();
  const numbers = text
    .split('\n')
    .slice(0, -1)
    .map((line) => Number(line.split(' ')[0]));
  return numbers.length !== lines || numbers.some((number, at) => number !== at);
};

const TICKS_A_SECOND = 100;

const cpuSeconds = async (pid: number): Promise<number> => {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
};

const residentMiB = async (pid: number): Promise<number> =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
