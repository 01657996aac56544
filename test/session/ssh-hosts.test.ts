// Sessions on a VM behind a real OpenSSH server: the contract of hosts, and that nothing that happens to the connection stops
// a session, ends it in our books, or costs a byte of its output. An outage lasts as long as it takes to be noticed, or
// VM_OUTAGE_SECONDS.
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openLogStore } from '../../controller/output/open-log-store.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import { createHosts } from '../../controller/session/create-hosts.ts';
import { type Host, type LaunchSpec, type RunFacts, runKey } from '../../controller/session/host.ts';
import { stopAllRuns } from '../../controller/session/stop-all-runs.ts';
import { sshShell } from '../../controller/shell/ssh.ts';
import { type Behaviour, testHosts } from '../contracts/host.ts';
import { outage } from '../fakes/outage.ts';
import { noSSHD, startSSHD } from '../fakes/sshd.ts';
import { listen } from '../fakes/tcp.ts';
import { skip } from '../runner/skip.ts';
import { until } from './vm-world.ts';

const SCRIPTS: Readonly<Record<Behaviour, string>> = {
  'prints hello and exits 3': 'echo hello; exit 3',
  'runs until stopped': 'sleep 1000',
  'asks, then exits 0': 'printf "Sure? "; read answer; test "$answer" = yes',
};

const openWorld = async () => {
  const root = await mkdtemp(join(tmpdir(), 'berth-ssh-hosts-'));
  const server = await startSSHD({ env: { BERTH_HOME: join(root, 'vm') } });
  const wire = await listen({ to: server.port });
  const errors: unknown[] = [];
  const logs = openLogStore({ root: join(root, 'logs') });
  const hosts = createHosts({ logs, clock: systemClock, random: () => 0, onError: (_session, error) => errors.push(error) });
  const shell = () => sshShell(async () => server.login({ port: wire.port }));
  hosts.open('vm', { id: 'vm', vmUID: 'vm', state: 'running', createdTime: '2026-01-01T00:00:00Z', region: 'ssh' }, shell);
  const host = (): Host => {
    const found = hosts.get('vm');
    if (!found) throw new Error('the host is not open');
    return found;
  };
  const facts = (uid: string): RunFacts | undefined =>
    host()
      .facts()
      .runs.get(runKey({ uid, attempt: 1 }));
  const state = (wanted: string) => until(() => (host().facts().state === wanted ? true : undefined), 60_000);
  const spec = (script: string): LaunchSpec => {
    const uid = randomUUID();
    const session = { namespace: 'default', name: `n-${uid}`, uid };
    return {
      uid,
      attempt: 1,
      session,
      argv: ['bash', '-c', script],
      promptOnStdin: false,
      env: {},
      secretEnv: {},
      maxOutputBytes: 1 << 30,
      logBase: 0,
      memoryMiB: 1,
      capacity: { slots: 100, memoryMiB: 1000 },
    };
  };
  return {
    root,
    server,
    wire,
    hosts,
    host,
    facts,
    state,
    spec,
    launch: async (script: string): Promise<string> => {
      const run = spec(script);
      await state('reachable');
      await host().launch(run, AbortSignal.timeout(30_000));
      return run.uid;
    },
    ended: (uid: string) =>
      until(() => {
        const found = facts(uid);
        return found?.exit && found.copied.bytes === found.logBytes ? { ...found, exit: found.exit } : undefined;
      }, 90_000),
    log: (uid: string) => readFile(join(root, 'logs', 'default', `n-${uid}.${uid}`, 'log'), 'utf8'),
    close: async () => {
      hosts.close('vm');
      wire.thaw();
      const last = sshShell(async () => server.login());
      await stopAllRuns(last);
      last.close();
      await wire.close();
      await server.close();
      await rm(root, { recursive: true, force: true });
    },
  };
};

/** Counts to `lines`, and goes on only once the file is there. */
const counting = (lines: number, go: string): string =>
  `for i in $(seq ${lines / 2}); do echo "line $i"; done; until test -e '${go}'; do sleep 0.05; done; for i in $(seq ${lines / 2 + 1} ${lines}); do echo "line $i"; done; exit 7`;
const counted = (lines: number): string => Array.from({ length: lines }, (_, at) => `line ${at + 1}\n`).join('');

const declare = (): void => {
  testHosts('over SSH', async () => {
    const world = await openWorld();
    return { hosts: world.hosts, vmUID: 'vm', spec: (behaviour) => world.spec(SCRIPTS[behaviour]), close: world.close };
  });

  const test = suite('a VM over SSH');
  let world: Awaited<ReturnType<typeof openWorld>>;
  test.before(async () => {
    world = await openWorld();
  });
  test.after(() => world.close());

  /** A session that is half done when `disturb` happens and goes on during it; whole once `heal` has. */
  const survives = async (disturb: () => unknown, heal: () => unknown): Promise<void> => {
    const go = join(world.root, randomUUID());
    const uid = await world.launch(counting(20_000, go));
    await until(() => (world.facts(uid)?.copied.bytes ?? 0) > 50_000 || undefined);
    await disturb();
    await world.state('unreachable');
    await writeFile(go, '');
    await outage(() => assert.is(world.facts(uid)?.exit, undefined));
    await heal();
    const { exit } = await world.ended(uid);
    assert.equal([exit.cause, exit.code], ['exited', 7]);
    assert.is(await world.log(uid), counted(20_000));
  };

  test('sessions go on while the server is killed, and are whole when it is back', () =>
    survives(
      () => world.server.kill(),
      () => world.server.start(),
    ));

  test('a connection that is half open is found out and replaced', () =>
    survives(
      () => world.wire.freeze(),
      () => world.wire.thaw(),
    ));

  test('a server with another key on the same port gets nothing; the sessions behind it go on', async () => {
    const impostor = await startSSHD();
    impostor.trust(world.server.client.line);
    await survives(
      async () => {
        world.wire.turnTo(impostor.port);
        await world.server.kill();
        await until(() => world.host().facts().reason === 'HostKeyMismatch' || undefined, 30_000);
        assert.match(
          world.host().facts().message ?? '',
          /shows another host key than the one expected: expected .*, seen .*; nothing was sent/,
        );
      },
      async () => {
        assert.not.match(impostor.log(), /authenticating user|Accepted/);
        await world.server.start();
        world.wire.turnTo(world.server.port);
      },
    );
    assert.is(world.host().facts().reason, undefined);
    await impostor.close();
  });

  test.run();
};

if (noSSHD === undefined) declare();
else skip('sessions over SSH', noSSHD);
