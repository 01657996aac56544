// Machines without an identity to deallocate themselves with, against the fake: Azure's own schedule does it when no controller
// has put it off any more, and goes with its machine.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { VM, VMPool } from '../../controller/api/types.generated.ts';
import type { Provider } from '../../controller/provider/provider.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import { whyNoNamespaces } from '../fakes/azure/backing/namespaces.ts';
import { noSSHD } from '../fakes/sshd.ts';
import { until } from '../fakes/until.ts';
import { skip } from '../runner/skip.ts';
import { AFTER_BOOT, type AzureWorld, groupOf, openAzureWorld, untilMachine, vmOf } from './provider-world.ts';

const test = suite('azure: schedules');
const HOUR = 3_600_000;
const TYPE = 'Microsoft.DevTestLab/schedules';
const { signal } = new AbortController();
let world: AzureWorld;
let count = 0;
test.before(async () => {
  world = await openAzureWorld({ speed: 1_000 });
});
test.after(() => world.close());
test.after.each(() => world.control.clearRules());

const fresh = (azure: Parameters<AzureWorld['poolOf']>[1] = {}) => {
  const name = `s${++count}`;
  return { pool: world.poolOf(name, azure), vm: vmOf(`${name}-0`, `${count.toString(16).padStart(8, 'a')}-0000-4000-8000-000000000000`) };
};
/** A clock as Azure's: hours go by. */
const clockAt = (ahead: () => number) => ({ ...systemClock, now: () => systemClock.now() + ahead() });
const schedulesOf = async (pool: VMPool) =>
  (await world.control.resources()).filter(
    ({ id, type }) =>
      type === TYPE &&
      String(id)
        .toLowerCase()
        .includes(`/${groupOf(pool)}/`),
  );
const putsOf = async (vm: VM) =>
  (await world.requests()).filter(({ method, path }) => method === 'PUT' && path.endsWith(`/shutdown-computevm-${world.machine(vm)}`))
    .length;
const hoursTo = (time: string, now: number): number => {
  const midnight = Math.floor(now / (24 * HOUR)) * 24 * HOUR;
  return ((midnight + Number(time.slice(0, 2)) * HOUR + Number(time.slice(2)) * 60_000 - now + 24 * HOUR) % (24 * HOUR)) / HOUR;
};
const sayOf = (provider: Provider, pool: VMPool) =>
  provider.conditions?.(pool).map(({ status, reason, message }) => `${status} ${reason}: ${message}`);

test('a machine without an identity is given a schedule, which is put off while a controller is there and then deallocates it', async () => {
  const { pool, vm } = fresh();
  let ahead = 0;
  const provider = world.open(pool, { clock: clockAt(() => ahead) });
  await provider.create(vm, pool, signal);
  const machine = await untilMachine(provider, pool, vm, 'running');
  const [schedule] = await schedulesOf(pool);
  const { properties = {}, tags = {} } = (schedule ?? {}) as { properties?: Record<string, unknown>; tags?: Record<string, string> };
  const { time } = properties.dailyRecurrence as { time: string };
  assert.ok(Math.abs(hoursTo(time, Date.now()) - 23) < 0.1, time);
  assert.is(properties.targetResourceId, machine?.id);
  assert.equal(
    [properties.status, properties.taskType, properties.timeZoneId, properties.notificationSettings],
    ['Enabled', 'ComputeVmShutdownTask', 'UTC', { status: 'Disabled' }],
  );
  assert.is(tags['vm-uid'], vm.metadata.uid);
  // What is asked for again soon needs nothing; hours later it does.
  await provider.create(vm, pool, signal);
  assert.is(await putsOf(vm), 1);
  ahead = 6 * HOUR;
  await provider.create(vm, pool, signal);
  assert.is(await putsOf(vm), 2);
  await world.control.advance(24 * HOUR);
  assert.is((await untilMachine(provider, pool, vm, 'deallocated'))?.reason, 'MachineStopped');
  assert.is((await world.control.bill()).running, 0);
  if (machine) await provider.delete(machine, signal);
  await untilMachine(provider, pool, vm, 'gone');
  await until(async () => (await world.left(pool)).length === 0, 'the end of all of it');
  process.stdout.write(`\n    ${sayOf(provider, pool)} `);
  assert.match(sayOf(provider, pool)?.[0] ?? '', /^False NoIdentity: .* 82800 s after its controller was last there/);
});

test('one that was made with an identity has none', async () => {
  const userAssignedId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i';
  const { pool, vm } = fresh({ identity: { userAssignedId } });
  const provider = world.open(pool);
  await provider.create(vm, pool, signal);
  const machine = await untilMachine(provider, pool, vm, 'running');
  if (machine) await provider.delete(machine, signal);
  await untilMachine(provider, pool, vm, 'gone');
  const asked = (await world.requests()).filter(({ path }) => path.includes(`shutdown-computevm-${world.machine(vm)}`));
  assert.equal(asked, []);
});

test('where it can not be set, the pool says why, and the machine is made all the same', async () => {
  const { pool, vm } = fresh({ deadMansSwitchMaxSeconds: 7200 });
  const provider = world.open(pool);
  await world.control.tell({ kind: 'providerNotRegistered', namespace: 'Microsoft.DevTestLab' });
  await provider.create(vm, pool, signal);
  const machine = await untilMachine(provider, pool, vm, 'running');
  process.stdout.write(`\n    ${sayOf(provider, pool)} `);
  assert.match(sayOf(provider, pool)?.[0] ?? '', /^False NoSchedule: .*not registered to use namespace 'Microsoft.DevTestLab'/);
  // Nothing is tried at once again, and a trouble with a schedule is none of the pool's.
  await provider.create(vm, pool, signal);
  assert.is(await putsOf(vm), 1);
  assert.ok(provider.offerings(pool).some(({ available }) => available));
  await world.control.tell({ kind: 'providerNotRegistered', namespace: 'Microsoft.DevTestLab', off: true });
  if (machine) await provider.delete(machine, signal);
  await untilMachine(provider, pool, vm, 'gone');
});

test('the sweep and the end of the pool remove what was left, and nobody else’s', async () => {
  const { pool, vm } = fresh();
  const provider = world.open(pool, { graceMs: 0 });
  await provider.create(vm, pool, signal);
  await untilMachine(provider, pool, vm, 'running');
  const tags = (await world.vms(pool))[0]?.tags ?? {};
  const left = async () => (await schedulesOf(pool)).map(({ name }) => name).toSorted();
  const leave = (name: string, more: object) =>
    world.control.tell({ kind: 'foreign', group: groupOf(pool), type: TYPE, name, region: 'westus3', tags: { ...tags, ...more } });
  const ours = `shutdown-computevm-${world.machine(vm)}`;
  await leave('shutdown-computevm-gone', { 'vm-uid': 'gone-long-ago' });
  await leave('shutdown-computevm-young', { 'vm-uid': 'not-listed-yet', 'created-at': new Date(Date.now() + HOUR).toISOString() });
  await leave('shutdown-computevm-theirs', { 'vm-uid': 'theirs', 'installation-id': 'another' });
  await provider.sweep?.(pool, async () => new Set([vm.metadata.uid]), signal);
  assert.equal(await left(), [ours, 'shutdown-computevm-theirs', 'shutdown-computevm-young'].toSorted());
  await world.control.rule({ match: { type: TYPE, method: 'DELETE', name: ours }, fault: { kind: 'http5xx' } });
  const machine = await untilMachine(provider, pool, vm, 'running');
  if (machine) await provider.delete(machine, signal);
  await untilMachine(provider, pool, vm, 'gone');
  await until(async () => (await world.vms(pool)).length === 0, 'the end of the machine');
  await world.control.clearRules();
  await until(
    async () =>
      (await provider.release?.(pool, signal).then(
        () => true,
        () => false,
      )) === true,
    'the end of what the pool shared',
  );
  assert.equal(await left(), ['shutdown-computevm-theirs']);
});

test.run();

const declareHeartbeat = (): void => {
  const beating = suite('azure: schedules and heartbeats');
  let real: AzureWorld;
  beating.before(async () => {
    real = await openAzureWorld({ backing: 'sshd', afterBoot: AFTER_BOOT });
  });
  beating.after(() => real.close());

  beating('a controller that was restarted puts the schedule off with its first heartbeat', async () => {
    const [pool, vm] = [real.poolOf('beats'), vmOf('beats-0', 'beef0000-0000-4000-8000-000000000000')];
    const first = real.open(pool);
    const hostKey = (await first.hostKey?.(vm)) ?? '';
    await first.create(vm, pool, signal);
    const puts = async () =>
      (await real.requests()).filter(({ method, path }) => method === 'PUT' && path.includes('/shutdown-computevm-')).length;
    assert.is(await puts(), 1);
    const second = real.open(pool);
    const machine = await untilMachine(second, pool, vm, 'running');
    if (!machine) throw new Error('no machine');
    const shell = second.connect({ ...machine, hostKey });
    try {
      const answers = () =>
        shell.run(['true']).then(
          ({ code }) => code === 0,
          () => false,
        );
      await until(answers, 'an answer');
      await until(async () => (await puts()) === 2, 'the schedule to be put off');
    } finally {
      shell.close();
    }
  });

  beating.run();
};

const skipped = noSSHD ?? whyNoNamespaces();
if (skipped === undefined) declareHeartbeat();
else skip('azure: schedules and heartbeats', skipped);
