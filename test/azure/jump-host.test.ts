// Machines without a public address, end to end: a real controller process, the fake, machines that are real sshd processes in a
// network of their own, and a real sshd to go through. Whoever answers in place of either gets neither a login nor a session.
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Condition, findCondition, isTrue } from '../../controller/api/condition.ts';
import type { SessionSpec, VM, VMPoolSpec } from '../../controller/api/types.generated.ts';
import { openRealWorld, type RealWorld } from '../e2e/real-world.ts';
import { openTerminal } from '../e2e/terminal.ts';
import { whyNoNamespaces } from '../fakes/azure/backing/namespaces.ts';
import { noSSHD, type SSHServer, startSSHD } from '../fakes/sshd.ts';
import { until } from '../fakes/until.ts';
import { skip } from '../runner/skip.ts';
import { createFakeWorld, FAST, type FakeWorld, RG } from './fake-world.ts';
import { AFTER_BOOT, environmentFor } from './provider-world.ts';

const MAIN = resolve(import.meta.dirname, '../../cli/main.ts');
const PATIENCE_MS = 60_000;
/** Of the loopback, where machines can be reached; the fake gives out public addresses below. */
const HUB = `127.251.${process.pid % 250}`;
type Azure = NonNullable<VMPoolSpec['provider']['azure']>;
type Network = NonNullable<Azure['network']>;

const jumpHostAt = (server: SSHServer, hostKey = server.hostKey()): NonNullable<Network['jumpHost']> => ({
  address: '127.0.0.1',
  port: server.port,
  user: server.user,
  hostKey,
  credentials: { secretRef: { name: 'jump' } },
});
const nameOf = (server: SSHServer): string => `jump host ${server.user}@127.0.0.1:${server.port}`;
const logins = (server: SSHServer): number => server.log().match(/Accepted publickey/g)?.length ?? 0;

const declare = (): void => {
  const test = suite('azure: jump host');
  let world: FakeWorld;
  let real: RealWorld;
  let jump: SSHServer;
  let impostor: SSHServer;
  let subnetId = '';
  test.before(async () => {
    world = await createFakeWorld({ backing: 'sshd', speed: 20, afterBoot: AFTER_BOOT });
    const hub = { location: 'westus3', addressSpace: { addressPrefixes: [`${HUB}.0/24`] } };
    await world.network.virtualNetworks.createOrUpdate(RG, 'hub', hub, FAST);
    subnetId = (await world.network.subnets.createOrUpdate(RG, 'hub', 'agents', { addressPrefix: `${HUB}.0/24` }, FAST)).id ?? '';
    [jump, impostor] = await Promise.all([startSSHD(), startSSHD()]);
    Object.assign(process.env, environmentFor(world.fake));
    real = await openRealWorld();
    real.startController();
  });
  test.after(async () => {
    await real.close();
    await Promise.all([jump.close(), impostor.close(), world.fake.stop()]);
  });
  const applyPool = (name: string, network: Network): Promise<void> =>
    real.apply('VMPool', name, {
      provider: { type: 'Azure', azure: { regions: ['westus3'], network } },
      sizes: [{ name: 'l' }],
      unreachableTimeoutSeconds: 600,
    });
  const begin = (name: string, pool: string, command: NonNullable<SessionSpec['command']>): Promise<void> =>
    real.apply('Session', name, { poolRef: { name: pool }, command });
  const vmOf = async (pool: string): Promise<VM | undefined> =>
    (await real.client.list('VM')).find(({ spec }) => spec.poolRef.name === pool);
  const machineOf = async (pool: string): Promise<string> =>
    (await world.fake.control.vms()).find(({ tags }) => tags.pool === pool)?.name ?? 'none';
  const ready = async (pool: string): Promise<Condition | undefined> => findCondition((await vmOf(pool))?.status?.conditions, 'Ready');
  const said = async (pool: string, status: Condition['status'], reason: string, text: string | RegExp): Promise<Condition> => {
    let found: Condition | undefined;
    const isSaid = async (): Promise<boolean> => {
      found = await ready(pool);
      return found?.status === status && found.reason === reason && found.message.search(text) >= 0;
    };
    await until(isSaid, `the VM to be ${status} ${reason}`, PATIENCE_MS).catch((error: unknown) => {
      throw new Error(`${error}: ${JSON.stringify(found)}`);
    });
    process.stdout.write(`\n    ${found?.status} ${found?.reason}: ${found?.message} `);
    return found as Condition;
  };
  const started = (name: string): Promise<void> =>
    until(async () => isTrue((await real.session(name))?.status?.conditions, 'Started'), `${name} to start`, PATIENCE_MS);
  const completed = async (name: string, output: string): Promise<void> => {
    assert.is((await real.finished(name, PATIENCE_MS)).status?.phase, 'Completed');
    assert.is(String(await real.output('output', name, '--raw')), output);
  };

  test('without its secret no way is tried; with it a machine of a private address runs a session', async () => {
    await applyPool('private', { publicIP: false, subnetId, jumpHost: jumpHostAt(jump) });
    await begin('one', 'private', ['sh', '-c', 'echo "from $SSH_CONNECTION" | cut -d" " -f1; echo one']);
    await said('private', 'False', 'SecretNotFound', 'secret jump in namespace default has no key ssh-privatekey: add it');
    assert.is(logins(jump), 0);
    await real.client.setSecret({ namespace: 'default', name: 'jump' }, { 'ssh-privatekey': jump.client.text });
    await completed('one', 'from\none\n');
    const { address = '' } = (await vmOf('private'))?.status ?? {};
    assert.is(address.startsWith(`${HUB}.`), true, address);
    assert.ok(logins(jump) > 0);
    process.stdout.write(`\n    ran on ${address}, through ${nameOf(jump)} `);
  });

  test('attach goes through it too', async () => {
    await begin('two', 'private', ['bash', '-c', 'echo ready; read word; echo "got $word"; read word']);
    await started('two');
    const before = logins(jump);
    const folder = join(real.root, 'terminal');
    await mkdir(folder);
    const env = {
      ...environmentFor(world.fake),
      PATH: process.env.PATH ?? '',
      HOME: real.root,
      BERTH_STORE: `dir:${real.manifests}`,
      TERM: 'screen',
    };
    const terminal = await openTerminal({ folder, columns: 100, env, cwd: folder });
    await terminal.begin(`${process.execPath} ${MAIN} attach two --state ${real.state}`);
    await terminal.shows(/ready/);
    await terminal.type('hello');
    await terminal.shows(/got hello/);
    await terminal.press('C-b');
    await terminal.press('d');
    assert.is((await terminal.prompt()).code, 0);
    await terminal.close();
    assert.ok(logins(jump) > before);
    await real.output('send', 'two', 'bye');
    assert.is((await real.finished('two', PATIENCE_MS)).status?.phase, 'Completed');
  });

  test('a machine with a public address is reached at that, through it', async () => {
    const before = logins(jump);
    await applyPool('public', { allowSSHFrom: ['127.0.0.1/32'], jumpHost: jumpHostAt(jump) });
    await begin('three', 'public', ['echo', 'three']);
    await completed('three', 'three\n');
    const { address = '' } = (await vmOf('public'))?.status ?? {};
    assert.is(address.startsWith(`${HUB}.`), false, address);
    assert.ok(logins(jump) > before);
  });

  test('while it is away the machine is out of reach and says through which host, and the session goes on', async () => {
    await begin('four', 'private', ['sh', '-c', 'echo begin; until [ -e /tmp/go ]; do sleep 0.1; done; echo end']);
    await started('four');
    await jump.kill();
    await said('private', 'Unknown', 'VMUnreachable', `no SSH connection to ${nameOf(jump)}: connect ECONNREFUSED`);
    assert.is(isTrue((await real.session('four'))?.status?.conditions, 'Finished'), false);
    await world.fake.control.exec(await machineOf('private'), ['touch', '/tmp/go']);
    await jump.start();
    await completed('four', 'begin\nend\n');
  });

  test('somebody else in place of a machine gets no session, also behind the right jump host', async () => {
    await world.fake.control.tell({ kind: 'hostKeyChange', name: await machineOf('private') });
    const { message } = await said('private', 'Unknown', 'HostKeyMismatch', new RegExp(`berth@${HUB}[.0-9]+:22 shows another host key`));
    assert.not.match(message, 'jump host');
  });

  test('somebody else in place of the jump host gets no login; corrected, the machine is reached', async () => {
    await applyPool('wrong', { publicIP: false, subnetId, jumpHost: jumpHostAt(impostor, jump.hostKey()) });
    await begin('five', 'wrong', ['echo', 'five']);
    await said('wrong', 'False', 'HostKeyMismatch', `${nameOf(impostor)} shows another host key than the one expected`);
    const isPassedOn = async (): Promise<boolean> =>
      /^VM wrong-0: jump host /.test(findCondition((await real.session('five'))?.status?.conditions, 'Ready')?.message ?? '');
    await until(isPassedOn, 'the session to say so', PATIENCE_MS);
    assert.match(impostor.log(), /Connection from/);
    assert.not.match(impostor.log(), /Accepted|authenticating user|publickey/);
    await applyPool('wrong', { publicIP: false, subnetId, jumpHost: jumpHostAt(jump) });
    await completed('five', 'five\n');
  });

  test.run();
};

const skipped = noSSHD ?? whyNoNamespaces();
if (skipped === undefined) declare();
else skip('azure: jump host', skipped);
