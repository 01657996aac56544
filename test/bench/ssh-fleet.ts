// Very many sessions over SSH: what they cost the controller, how late their lines are, and whether any is lost. One real
// OpenSSH server a VM, all on this machine: each print costs the VMs about a millisecond of its processors, after the controller's.
// So all VMs print a second's lines at once, and line by line as many of them as the processors carry.
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { isTrue } from '../../controller/api/condition.ts';
import type { Session } from '../../controller/api/types.generated.ts';
import { openLogReader } from '../../controller/output/open-log-reader.ts';
import { openRealWorld, type RealWorld } from '../e2e/real-world.ts';
import { type SSHServer, startSSHD } from '../fakes/sshd.ts';
import { until } from '../session/vm-world.ts';
import { enclosed } from './enclosure.ts';
import { type Bench, type Figure, median, percentile } from './figure.ts';
import { beat, openPrinters, type Printer } from './metronome.ts';
import { cpuMs, type Member, membersOf, memoryMiB } from './process-kinds.ts';
import { usage } from './process-usage.ts';

const HOSTS = 200;
const SESSIONS_A_HOST = 4;
const SECONDS = 30;
const LINES_A_SECOND = 10;
/** That print line by line. */
const HOSTS_A_PROCESSOR = 10;
const WARM_STARTS = 20;
const FOLLOWED = 20;
/** What would have processors of its own takes what the controller leaves: hundreds that are ready at once still add up. */
const NICENESS = 19;
const PATIENCE_MS = 30 * 60_000;

export const sshFleet: Bench = (scale) =>
  enclosed(async (folder) => {
    const hosts = Math.max(2, Math.round(HOSTS * scale));
    const seconds = Math.max(2, Math.round(SECONDS * Math.min(1, scale * 10)));
    const world = await openRealWorld('bundle');
    const servers: SSHServer[] = [];
    try {
      for (let n = 0; n < hosts; n++) servers.push(await startSSHD({ mark: folder, niceness: NICENESS }));
      await declarePool(world, servers);
      world.startController();
      await ready(world, hosts);
      const starts = await warmStarts(world, Math.max(3, Math.round(WARM_STARTS * Math.min(1, scale * 4))));
      const fleet = await startAll(world, folder, hosts * SESSIONS_A_HOST);
      const few = Math.min(hosts, HOSTS_A_PROCESSOR * availableParallelism());
      const figures = [
        ...(await print(fleet, hosts, { times: seconds, lines: LINES_A_SECOND, periodMs: 1000 })),
        ...(await print(fleet, few, { times: seconds * LINES_A_SECOND, lines: 1, periodMs: 1000 / LINES_A_SECOND })),
      ];
      return [
        {
          figure: 'ssh fleet: apply to running on a warm slot, p50',
          value: median(starts),
          unit: 'ms',
          aim: 2000,
          fixture: `one at a time, ${hosts} warm VMs`,
          p90: percentile(starts, 0.9),
        },
        ...figures,
        ...(await endAll(fleet)),
      ];
    } finally {
      await world.close();
      await Promise.all(servers.map((server) => server.close()));
    }
  });

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

const apply = (world: RealWorld, name: string, command: readonly string[]): Promise<void> =>
  world.apply('Session', name, { command: [...command], poolRef: { name: 'fleet' }, memoryMiB: 64 });

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

interface Fleet {
  readonly world: RealWorld;
  readonly sessions: readonly Session[];
  readonly printers: readonly Printer[];
  readonly members: readonly Member[];
  readonly startSeconds: number;
}

const startAll = async (world: RealWorld, folder: string, count: number): Promise<Fleet> => {
  const began = performance.now();
  const printers = openPrinters(world.root, count);
  for (const [n, { command }] of printers.entries()) await apply(world, `s-${n}`, command);
  const sessions: Session[] = [];
  while (sessions.length < count) {
    sessions.push(
      await until(async () => {
        const session = await world.session(`s-${sessions.length}`);
        return session && isTrue(session.status?.conditions, 'Started') ? session : undefined;
      }, PATIENCE_MS),
    );
  }
  const startSeconds = (performance.now() - began) / 1000;
  return { world, sessions, printers, members: await membersOf(folder), startSeconds };
};

type Beat = Parameters<typeof beat>[1];

/** The sessions of the first VMs that have so many print; the others are there and silent. */
const print = async ({ world, printers, sessions, members }: Fleet, hosts: number, by: Beat): Promise<readonly Figure[]> => {
  const count = hosts * SESSIONS_A_HOST;
  const total = by.times * by.lines;
  const stop = new AbortController();
  const followed = sessions.slice(0, count).filter((_, n) => n % Math.ceil(count / FOLLOWED) === 0);
  const from = await Promise.all(followed.map((session) => readerOf(world, session).size()));
  const heard = Promise.all(
    followed.map((session, n) => follow(world, session, { from: from[n] ?? 0, lines: total, signal: stop.signal })),
  );
  const controller = members.find(({ kind }) => kind === 'controller')?.pid ?? 0;
  const before = { cpu: await cpuMs(members), at: performance.now() };
  const behind = await beat(printers.slice(0, count), by);
  const late = (await heard).flat();
  const cpu = await cpuMs(members);
  const elapsed = performance.now() - before.at;
  const loadMeanwhile = round(loadavg()[0] ?? 0);
  stop.abort();
  const fixture =
    `${sessions.length / SESSIONS_A_HOST} VMs x ${SESSIONS_A_HOST} sessions, ${hosts} VMs print ${LINES_A_SECOND} lines a second a session, ` +
    `${by.lines === 1 ? 'each on its own' : `${by.lines} in one write`}; all on ${availableParallelism()} processors`;
  const perLine = (kind: string): number => round(((cpu[kind] ?? 0) - (before.cpu[kind] ?? 0)) / (count * total));
  const byKind = Object.fromEntries(Object.keys(cpu).map((kind) => [kind, perLine(kind)]));
  return [
    {
      figure: 'ssh fleet: written to readable, p99',
      value: percentile(late, 0.99),
      unit: 'ms',
      aim: 1000,
      p50: percentile(late, 0.5),
      lines: late.length,
      behind: round(behind),
      // The end of all sessions, before this is told, is a load of its own.
      loadMeanwhile,
      fixture,
    },
    {
      figure: 'ssh fleet: CPU of the controller',
      value: (((cpu.controller ?? 0) - (before.cpu.controller ?? 0)) / elapsed) * 100,
      unit: '% of a core',
      fixture,
    },
    { figure: 'ssh fleet: memory of the controller', value: (await usage(controller)).residentKiB / 1024, unit: 'MiB', fixture },
    {
      figure: 'ssh fleet: CPU a line, all processes',
      value: Object.values(byKind).reduce((sum, ms) => sum + ms, 0),
      unit: 'ms',
      byKind,
      seconds: round(elapsed / 1000),
      fixture,
    },
  ];
};

const endAll = async ({ world, printers, sessions, members, startSeconds }: Fleet): Promise<readonly Figure[]> => {
  const memory = await memoryMiB(members);
  for (const printer of printers) printer.end();
  for (const { metadata } of sessions) await world.finished(metadata.name, PATIENCE_MS);
  const wrong = await Promise.all(sessions.map((session, n) => isWrong(world, session, printers[n]?.printed() ?? 0)));
  const fixture = `${sessions.length} sessions, ${printers.reduce((sum, printer) => sum + printer.printed(), 0)} lines`;
  const { controller = 0, ...machines } = memory;
  return [
    { figure: 'ssh fleet: logs with a lost or repeated line', value: wrong.filter(Boolean).length, unit: 'logs', aim: 0, fixture },
    {
      figure: 'ssh fleet: memory of the machines a session, shared pages in parts',
      value: Object.values(machines).reduce((sum, of) => sum + of, 0) / sessions.length,
      unit: 'MiB',
      byKind: Object.fromEntries(Object.entries(machines).map(([kind, of]) => [kind, round(of / sessions.length)])),
      controller: round(controller),
      fixture,
    },
    { figure: 'ssh fleet: all sessions applied to all running', value: startSeconds, unit: 's', aim: 300, fixture },
  ];
};

const readerOf = (world: RealWorld, { metadata }: Session) => openLogReader(join(world.state, 'logs'), metadata);

/** How late each of the next lines came, in ms. */
const follow = async (
  world: RealWorld,
  session: Session,
  { from, lines, signal }: { readonly from: number; readonly lines: number; readonly signal: AbortSignal },
): Promise<readonly number[]> => {
  const late: number[] = [];
  const ended = new AbortController();
  const bytes = readerOf(world, session).follow(from, AbortSignal.any([signal, ended.signal]));
  for await (const line of createInterface({ input: Readable.from(bytes) })) {
    late.push(performance.timeOrigin + performance.now() - Number(line.split(' ')[1]));
    if (late.length === lines) break;
  }
  ended.abort();
  return late;
};

const isWrong = async (world: RealWorld, session: Session, lines: number): Promise<boolean> => {
  const text = Buffer.concat(await Array.fromAsync(readerOf(world, session).read(0))).toString();
  const numbers = text
    .split('\n')
    .slice(0, -1)
    .map((line) => Number(line.split(' ')[0]));
  return numbers.length !== lines || numbers.some((number, at) => number !== at);
};

const round = (value: number): number => Number(value.toPrecision(3));
