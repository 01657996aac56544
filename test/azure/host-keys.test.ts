// Whoever answers at a machine's address is checked by the keys that were derived for it, from the first contact on.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OperatorError } from '../../controller/api/error.ts';
import type { VMPool } from '../../controller/api/types.generated.ts';
import { deriveKey } from '../../controller/provider/azure/keys.ts';
import type { Machine, Provider } from '../../controller/provider/provider.ts';
import { whyNoNamespaces } from '../fakes/azure/backing/namespaces.ts';
import { noSSHD, type SSHServer, startSSHD } from '../fakes/sshd.ts';
import { until } from '../fakes/until.ts';
import { skip } from '../runner/skip.ts';
import { AFTER_BOOT, type AzureWorld, openAzureWorld, untilMachine, vmOf } from './provider-world.ts';

const SECRET = 'hunter2-never-to-be-seen';
const { signal } = new AbortController();

/** How a command with a secret on its standard input ends there. */
const send = async (provider: Provider, machine: Machine): Promise<string> => {
  const shell = provider.connect(machine);
  try {
    const { stdout } = await shell.run(['cat'], { stdin: SECRET });
    return new TextDecoder().decode(stdout);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return `${error.code} ${error.reason ?? error.message}`;
  } finally {
    shell.close();
  }
};

/** A server that takes over new keys takes no connections for a moment, and just before it still shows the old ones. */
const untilSent = (wanted: string, provider: Provider, machine: Machine): Promise<void> =>
  until(async () => (await send(provider, machine)) === wanted, wanted === SECRET ? 'to be let in' : wanted);

const declare = (): void => {
  const test = suite('azure: host keys');
  let world: AzureWorld;
  let impostor: SSHServer;
  let pool: VMPool;
  let provider: Provider;
  let machine: Machine;
  const vm = vmOf('hk-0', '0a0a0a0a-0000-4000-8000-000000000000');
  let keys: readonly string[] = [];
  const read = async (path: string): Promise<string> => (await world.control.exec(world.machine(vm), ['cat', path])).stdout;
  const shown = async (): Promise<string> => (await read('/etc/ssh/ssh_host_ed25519_key.pub')).trim().split(' ').slice(0, 2).join(' ');
  /** Has the machine's server show another key; tells which it had. */
  const show = async (privateKey: string): Promise<string> => {
    const before = await read('/etc/ssh/ssh_host_ed25519_key');
    const script =
      'umask 077; cd /etc/ssh; cat > ssh_host_ed25519_key; ssh-keygen -y -f ssh_host_ed25519_key > ssh_host_ed25519_key.pub; kill -HUP $(cat /run/sshd.pid)';
    await world.control.exec(world.machine(vm), ['sh', '-c', script], privateKey);
    return before;
  };
  test.before(async () => {
    world = await openAzureWorld({ backing: 'sshd', afterBoot: AFTER_BOOT });
    impostor = await startSSHD();
    pool = world.poolOf('hk');
    provider = world.open(pool);
    keys = (await provider.hostKey?.(vm))?.split('\n') ?? [];
    await provider.create(vm, pool, signal);
    const found = await untilMachine(provider, pool, vm, 'running');
    if (!found) throw new Error('no machine');
    machine = { ...found, hostKey: keys.join('\n') };
    await until(async () => (await world.control.vms()).some(({ endpoint }) => endpoint !== undefined));
  });
  test.after(async () => {
    await impostor.close();
    await world.close();
  });

  test('somebody else at the address gets neither a login nor a byte of what is sent', async () => {
    const address = `127.0.0.1:${impostor.port}`;
    assert.is(await send(provider, { ...machine, address }), 'denied HostKeyMismatch');
    assert.not.match(impostor.log(), /Accepted|session opened/);
    assert.not.match(impostor.log(), SECRET);
  });

  test('the right key is let in, and replaced by the second one over that connection', async () => {
    await untilSent(SECRET, provider, machine);
    assert.is(await shown(), keys[1]);
    const [listed] = await provider.list(pool, signal);
    assert.is(listed?.hostKey, keys[1]);
  });

  test('a controller that crashed before it could write that down accepts the second one', async () => {
    await untilSent(SECRET, world.open(pool), machine);
  });

  test('once it is written down the first key is not accepted any more', async () => {
    // As somebody would who has read the data of its first boot.
    const recorded = { ...machine, hostKey: keys[1] ?? '' };
    await untilSent(SECRET, world.open(pool), recorded);
    const second = await show(deriveKey(world.secret, vm.metadata.uid, 'host-1').privateKey);
    assert.is(await shown(), keys[0]);
    await untilSent('denied HostKeyMismatch', world.open(pool), recorded);
    await show(second);
  });

  test('a key recorded by somebody else opens nothing', async () => {
    const address = `127.0.0.1:${impostor.port}`;
    assert.is(await send(world.open(pool), { ...machine, address, hostKey: impostor.hostKey() }), 'denied HostKeyMismatch');
  });

  test('a key that changes later refuses, and the right one serves again', async () => {
    const before = await read('/etc/ssh/ssh_host_ed25519_key');
    await world.control.tell({ kind: 'hostKeyChange', name: world.machine(vm) });
    await untilSent('denied HostKeyMismatch', world.open(pool), machine);
    await show(before);
    await untilSent(SECRET, world.open(pool), machine);
  });

  test('the heartbeat is on the machine', async () => {
    const { code } = await world.control.exec(world.machine(vm), ['test', '-e', '/run/berth/heartbeat']);
    assert.is(code, 0);
  });

  test.run();
};

const skipped = noSSHD ?? whyNoNamespaces();
if (skipped === undefined) declare();
else skip('azure: host keys', skipped);
