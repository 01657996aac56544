// Machines that are directories: the contract, and that a machine takes with it what runs on it.
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { VM, VMPool } from '../../controller/api/types.generated.ts';
import { providerModules } from '../../controller/provider/index.ts';
import type { Provider } from '../../controller/provider/provider.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import { stopAllRuns } from '../../controller/session/stop-all-runs.ts';
import { deliverCommands } from '../../controller/session/vm-commands.ts';
import { localShell } from '../../controller/shell/local.ts';
import { testProvider } from '../contracts/provider.ts';
import { processesWith, until } from '../session/vm-world.ts';

const meta = (name: string, uid: string) => ({
  name,
  uid,
  namespace: 'default',
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: '2026-01-01T00:00:00Z',
});
const poolOf = (bootSeconds: number): VMPool => ({
  apiVersion: 'berth.dev/v1alpha1',
  kind: 'VMPool',
  metadata: meta('p', 'pool'),
  spec: { provider: { type: 'Local', local: { bootSeconds } }, sizes: [{ name: 'l' }, { name: 's' }] } as unknown as VMPool['spec'],
});
const vmOf = (name: string, uid: string): VM =>
  ({
    apiVersion: 'berth.dev/v1alpha1',
    kind: 'VM',
    metadata: meta(name, uid),
    spec: { poolRef: { name: 'p' }, size: 'l', slots: 4, cordoned: false },
  }) as VM;
const openWorld = async (bootSeconds = 0) => {
  const root = await mkdtemp(join(tmpdir(), 'berth-local-'));
  const pool = poolOf(bootSeconds);
  const shell = (home: string) => localShell({ BERTH_HOME: home }, process.env);
  const clock = { ...systemClock, ahead: 0, now: () => Date.now() + clock.ahead };
  const module = providerModules({
    clock,
    local: { root, shell, stopAll: stopAllRuns },
    ssh: { root, controller: 'here', secret: async () => undefined, releases: true, stopAll: stopAllRuns },
    azure: { place: { environment: {} }, keep: undefined, secret: async () => undefined },
  }).get('Local');
  if (!module) throw new Error('no module for Local');
  const reopen = (): Provider => module.open(pool);
  return { root, pool, clock, reopen, vm: vmOf, close: () => rm(root, { recursive: true, force: true }) };
};

testProvider('local', () => openWorld());

const test = suite('local provider');
const signal = AbortSignal.timeout(60_000);

test('what a crash left of a machine in the making goes, once nobody can still be at it', async () => {
  const world = await openWorld();
  await world.reopen().create(vmOf('p-0', 'v'), world.pool, signal);
  const left = await mkdtemp(join(world.root, 'pool', '.w.'));
  const names = async () => (await readdir(join(world.root, 'pool'))).length;
  await world.reopen().list(world.pool, signal);
  assert.is(await names(), 2, left);
  world.clock.ahead = 120_000;
  assert.is((await world.reopen().list(world.pool, signal)).length, 1);
  await until(async () => ((await names()) === 1 ? true : undefined));
  await world.close();
});

test('a machine is creating until its boot time has passed', async () => {
  const world = await openWorld(60);
  await world.reopen().create(vmOf('p-0', 'v'), world.pool, signal);
  assert.is((await world.reopen().list(world.pool, signal))[0]?.state, 'creating');
  world.clock.ahead = 61_000;
  assert.is((await world.reopen().list(world.pool, signal))[0]?.state, 'running');
  await world.close();
});

test('what runs on a machine ends with it, and a deletion that was interrupted is gone on with', async () => {
  const world = await openWorld();
  const provider = world.reopen();
  await provider.create(vmOf('p-0', 'v'), world.pool, signal);
  const [machine] = await provider.list(world.pool, signal);
  assert.ok(machine);
  const shell = provider.connect(machine);
  const commands = await deliverCommands(shell, signal);
  const uid = `run-${process.pid}-${Date.now()}`;
  await commands.call(
    'launch',
    {
      uid,
      attempt: 1,
      session: { namespace: 'default', name: 'n', uid },
      argv: ['sh', '-c', 'trap "" TERM HUP; sleep 100; sleep 100'],
      promptOnStdin: false,
      env: {},
      secretEnv: {},
      maxOutputBytes: 1 << 20,
    },
    signal,
  );
  await until(async () => ((await processesWith(`BERTH_SESSION_UID=${uid}\0`)).length > 0 ? true : undefined));
  // As a controller leaves it that died right after marking the machine.
  await writeFile(join(machine.id, 'deleting'), '');
  await until(async () => ((await world.reopen().list(world.pool, signal)).length === 0 ? true : undefined));
  assert.equal(await processesWith(`BERTH_SESSION_UID=${uid}\0`), []);
  // The command that ended them may itself still be on its way out.
  await until(async () => ((await processesWith(uid)).length === 0 ? true : undefined));
  shell.close();
  await world.close();
});

test('a removal that was interrupted is finished at the next look', async () => {
  const world = await openWorld();
  await world.reopen().create(vmOf('p-0', 'v'), world.pool, signal);
  await rename(join(world.root, 'pool', 'v'), join(world.root, 'pool', '.gone.v'));
  assert.equal(await world.reopen().list(world.pool, signal), []);
  await until(async () => ((await readdir(join(world.root, 'pool'))).length === 0 ? true : undefined));
  await world.close();
});

test.run();
