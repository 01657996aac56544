// Hosts of a list as machines, over real OpenSSH servers: the contract, leases and locks, and what is said of a host that is
// taken, wrong or away.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { OperatorError } from '../../controller/api/error.ts';
import type { VM, VMPool } from '../../controller/api/types.generated.ts';
import type { Machine, Provider } from '../../controller/provider/provider.ts';
import { sshProvider } from '../../controller/provider/ssh/ssh-provider.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import { stopAllRuns } from '../../controller/session/stop-all-runs.ts';
import { metadata } from '../builders/metadata.ts';
import { testProvider } from '../contracts/provider.ts';
import { noSSHD, type SSHServer, startSSHD } from '../fakes/sshd.ts';
import { skip } from '../runner/skip.ts';
import { until } from '../session/vm-world.ts';

type SSH = NonNullable<VMPool['spec']['provider']['ssh']>;

const signal = AbortSignal.timeout(120_000);

const hostOn = (server: SSHServer, name: string, more: Partial<SSH['hosts'][number]> = {}): SSH['hosts'][number] => ({
  name,
  address: '127.0.0.1',
  port: server.port,
  user: server.user,
  hostKey: server.hostKey(),
  ...more,
});

const poolOf = (name: string, hosts: SSH['hosts'], generation = 1): VMPool => ({
  apiVersion: 'berth.dev/v1alpha1',
  kind: 'VMPool',
  metadata: metadata(name, { uid: `pool-${name}`, generation }),
  spec: {
    provider: { type: 'SSH', ssh: { credentials: { secretRef: { name: 'machines' } }, hosts } },
    sizes: [{ name: 'l' }, { name: 's' }],
    minVMs: 0,
    maxVMs: 10,
  },
});

const vmOf = (name: string, uid: string, size: VM['spec']['size'] = 'l', slots = 4): VM => ({
  apiVersion: 'berth.dev/v1alpha1',
  kind: 'VM',
  metadata: metadata(name, { uid }),
  spec: { poolRef: { name: 'lab' }, size, slots, cordoned: false },
});

/** Every host is an account of its own: a server with a home of its own. */
const openHosts = async (count: number) => {
  const root = await mkdtemp(join(tmpdir(), 'berth-ssh-'));
  const servers = await Promise.all(Array.from({ length: count }, (_, n) => startSSHD({ env: { HOME: join(root, `home-${n}`) } })));
  // One key that logs in everywhere.
  for (const server of servers) server.authorize(servers[0]?.client.text ?? '');
  let data: Readonly<Record<string, string>> | undefined = { 'ssh-privatekey': servers[0]?.client.text ?? '' };
  const clock = { ...systemClock, ahead: 0, monotonic: () => performance.now() + clock.ahead, now: () => Date.now() + clock.ahead };
  const module = (state = 'ssh') =>
    sshProvider({
      root: join(root, state),
      controller: 'my-laptop',
      clock,
      secret: async () => data,
      releases: true,
      stopAll: stopAllRuns,
    });
  return {
    root,
    servers,
    clock,
    module,
    setSecret: (secret: typeof data) => {
      data = secret;
    },
    home: (n: number) => join(root, `home-${n}`, '.berth'),
    close: async () => {
      for (const server of servers) await server.close();
      await rm(root, { recursive: true, force: true });
    },
  };
};

const failure = (promise: Promise<unknown>): Promise<OperatorError> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: OperatorError) => error,
  );

const lease = async (provider: Provider, pool: VMPool, vm: VM): Promise<Machine> => {
  await provider.create(vm, pool, signal);
  const machine = (await provider.list(pool, signal)).find(({ vmUID }) => vmUID === vm.metadata.uid);
  if (!machine) throw new Error(`no machine for ${vm.metadata.name}`);
  return machine;
};

const use = async (provider: Provider, machine: Machine, argv: readonly string[] = ['true']) => {
  const shell = provider.connect(machine);
  try {
    return await shell.run(argv);
  } finally {
    shell.close();
  }
};

const declare = (): void => {
  testProvider('ssh', async () => {
    const world = await openHosts(2);
    const pool = poolOf('lab', [
      ...world.servers.map((server, n) => hostOn(server, `lab-${n}`)),
      hostOn(world.servers[0] as SSHServer, 'small', { size: 's' }),
    ]);
    const module = world.module();
    return { reopen: () => module.open(pool), pool, vm: vmOf, close: world.close };
  });

  const test = suite('ssh provider');
  let world: Awaited<ReturnType<typeof openHosts>>;
  let hosts: SSH['hosts'];
  test.before(async () => {
    world = await openHosts(2);
    hosts = world.servers.map((server, n) => hostOn(server, `lab-${n}`));
  });
  test.after(() => world.close());
  const gone = (provider: Provider, pool: VMPool, uid: string) =>
    until(async () => ((await provider.list(pool, signal)).some(({ vmUID }) => vmUID === uid) ? undefined : true), 60_000);
  const free = async (provider: Provider, pool: VMPool): Promise<void> => {
    for (const machine of await provider.list(pool, signal)) await provider.delete(machine, signal);
    await until(
      () => (provider.offerings(pool).every(({ room }) => room === pool.spec.provider.ssh?.hosts.length) ? true : undefined),
      60_000,
    );
  };

  test('a leased host is locked, serves its VM in a place of its own, and leaves nothing behind', async () => {
    const pool = poolOf('lab', hosts);
    const provider = world.module().open(pool);
    const machine = await lease(provider, pool, vmOf('lab-0', 'a'));
    assert.equal([machine.id, machine.state, machine.hourlyUSD, machine.hostKey], ['lab-0', 'running', '0', hosts[0]?.hostKey]);
    const { stdout } = await use(provider, machine, ['sh', '-c', 'echo "$BERTH_HOME"']);
    assert.is(new TextDecoder().decode(stdout), '~/.berth/vm-a\n');
    const owner = JSON.parse(await readFile(join(world.home(0), 'lease', 'owner.json'), 'utf8'));
    assert.equal(owner, { poolUID: 'pool-lab', pool: 'default/lab', controller: 'my-laptop' });
    assert.equal(
      provider.offerings(pool).map(({ room, available }) => [room, available]),
      [[1, true]],
    );
    await free(provider, pool);
    assert.equal(await readdir(world.home(0)), []);
  });

  test('a restarted controller finds its leases, and goes on with a release that was cut off', async () => {
    const pool = poolOf('lab', hosts);
    const machine = await lease(world.module().open(pool), pool, vmOf('lab-0', 'b'));
    await use(world.module().open(pool), machine);
    assert.is((await world.module().open(pool).list(pool, signal))[0]?.vmUID, 'b');
    await world.module().open(pool).delete(machine, signal);
    await gone(world.module().open(pool), pool, 'b');
  });

  test('says that a pool whose hosts are all leased is full, by having no room', async () => {
    const pool = poolOf('lab', hosts);
    const provider = world.module().open(pool);
    await Promise.all([provider.create(vmOf('lab-0', 'c'), pool, signal), provider.create(vmOf('lab-1', 'd'), pool, signal)]);
    assert.equal(
      provider.offerings(pool).map(({ room, available }) => [room, available]),
      [[0, true]],
    );
    const error = await failure(provider.create(vmOf('lab-2', 'e'), pool, signal));
    assert.equal([error.code, error.message], ['quota', 'no host of size l with 4 slots is free in pool lab']);
    await free(provider, pool);
  });

  test('hosts that differ from their size are offered as what they are', () => {
    const pool = poolOf('lab', [
      hostOn(world.servers[0] as SSHServer, 'a', { slots: 6, memoryMiB: 98_304 }),
      hostOn(world.servers[1] as SSHServer, 'b', { size: 's' }),
    ]);
    const offered = world.module().open(pool).offerings(pool);
    assert.equal(
      offered.map(({ size, sku, slots, memoryMiB, room }) => [size, sku, slots, memoryMiB, room]),
      [
        ['l', 'l-6x96GiB', 6, 98_304, 1],
        ['s', '', 1, 32_768, 1],
      ],
    );
    const other = poolOf('lab', [hostOn(world.servers[0] as SSHServer, 'a', { size: 'xl' })]);
    assert.equal(world.module().open(other).offerings(other), []);
  });

  test('one user on one host serves one pool: the other is told who has it, and takes another host', async () => {
    const [mine, theirs] = [poolOf('lab', hosts.slice(0, 1)), poolOf('other', hosts)];
    const first = world.module().open(mine);
    await use(first, await lease(first, mine, vmOf('lab-0', 'f')));
    const second = world.module('elsewhere').open(theirs);
    const machine = await lease(second, theirs, vmOf('other-0', 'g'));
    const error = await failure(use(second, machine));
    assert.equal([error.code, error.reason], ['denied', 'HostInUse']);
    assert.match(error.message, /^host lab-0 serves pool default\/lab of the controller on my-laptop already/);
    const [failed] = await second.list(theirs, signal);
    assert.equal([failed?.state, failed?.reason, failed?.message], ['failed', 'HostInUse', error.message]);
    await second.delete(machine, signal);
    await gone(second, theirs, 'g');
    const another = await lease(second, theirs, vmOf('other-1', 'h'));
    assert.is(another.id, 'lab-1');
    assert.is((await use(second, another)).code, 0);
    const [offering] = second.offerings(theirs);
    assert.equal([offering?.available, offering?.reason, offering?.message], [false, 'ProviderNotReady', error.message]);
    world.clock.ahead += 601_000;
    assert.equal(
      second.offerings(theirs).map(({ room }) => room),
      [1],
    );
    await Promise.all([free(second, theirs), free(first, mine)]);
    assert.equal(await readdir(world.home(0)), []);
  });

  test('a host with another key is told nothing and simply dropped; with its key corrected it serves', async () => {
    const wrong = poolOf('lab', [{ ...(hosts[0] as SSH['hosts'][number]), hostKey: hosts[1]?.hostKey ?? '' }]);
    const module = world.module();
    const provider = module.open(wrong);
    const machine = await lease(provider, wrong, vmOf('lab-0', 'i'));
    const shell = provider.connect(machine);
    assert.is((await failure(shell.run(['true']))).reason, 'HostKeyMismatch');
    const right = poolOf('lab', hosts.slice(0, 1), 2);
    module.open(right);
    assert.is((await shell.run(['true'])).code, 0);
    assert.is((await module.open(right).list(right, signal))[0]?.hostKey, hosts[0]?.hostKey);
    shell.close();
    await free(module.open(right), right);
  });

  test('a host that was never reached is free at once, and the others come first', async () => {
    const away = { ...(hosts[0] as SSH['hosts'][number]), port: 1 };
    const pool = poolOf('lab', [away, hosts[1] as SSH['hosts'][number]]);
    const provider = world.module().open(pool);
    const machine = await lease(provider, pool, vmOf('lab-0', 'j'));
    assert.is((await failure(use(provider, machine))).code, 'unavailable');
    await provider.delete(machine, signal);
    await gone(provider, pool, 'j');
    assert.is((await lease(provider, pool, vmOf('lab-1', 'k'))).id, 'lab-1');
    await free(provider, pool);
  });

  test('a host that goes out of reach is no machine any more once it is given up, and is free only when it was cleaned up', async () => {
    const pool = poolOf('lab', hosts.slice(0, 1));
    const provider = world.module().open(pool);
    const machine = await lease(provider, pool, vmOf('lab-0', 'l'));
    await use(provider, machine);
    const [server] = world.servers;
    await server?.kill();
    await provider.delete(machine, signal);
    await gone(provider, pool, 'l');
    const [offering] = provider.offerings(pool);
    assert.equal([offering?.available, offering?.reason], [false, 'ProviderNotReady']);
    assert.match(offering?.message ?? '', /^host lab-0 \(.*\) is out of reach, and is cleaned up before it serves again$/);
    await server?.start();
    world.clock.ahead += 31_000;
    await free(provider, pool);
    assert.equal(await readdir(world.home(0)), []);
  });

  test('without its secret no host is taken, and those that were are reached by the copy that was kept', async () => {
    const pool = poolOf('lab', hosts);
    const provider = world.module('kept').open(pool);
    const before = await lease(provider, pool, vmOf('lab-0', 'm'));
    await use(provider, before);
    world.setSecret(undefined);
    const error = await failure(use(provider, await lease(provider, pool, vmOf('lab-1', 'n'))));
    assert.equal([error.code, error.reason], ['denied', 'SecretNotFound']);
    assert.match(
      error.message,
      /^secret machines in namespace default has no key ssh-privatekey: add it with "berth secret set machines ssh-privatekey"$/,
    );
    assert.is((await use(provider, before)).code, 0);
    await free(provider, pool);
  });

  test.run();
};

if (noSSHD === undefined) declare();
else skip('ssh provider', noSSHD);
