// A machine that its dead-man's switch has deallocated, with output on it that no controller was there to copy: a controller that
// comes back starts it once, copies what is left, and deletes it. Real controllers, the fake, a machine that is a real sshd.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findCondition, isTrue } from '../../controller/api/condition.ts';
import { ON_VM } from '../../controller/provider/azure/on-vm.ts';
import { preconditionOf } from '../../controller/reconcilers/ownership.ts';
import { placedStatus } from '../../controller/reconcilers/pool/patches.ts';
import { openRealWorld, type RealWorld } from '../e2e/real-world.ts';
import { whyNoNamespaces } from '../fakes/azure/backing/namespaces.ts';
import { type FakeAzure, startFakeAzure } from '../fakes/azure/start.ts';
import { noSSHD } from '../fakes/sshd.ts';
import { until } from '../fakes/until.ts';
import { skip } from '../runner/skip.ts';
import { createDirectoryWorld } from '../store/directory-world.ts';
import { AFTER_BOOT, environmentFor, FREE, withDeadMansSwitch } from './provider-world.ts';

const PATIENCE_MS = 60_000;
const DEAD_SECONDS = 900;
const VM_TYPE = 'Microsoft.Compute/virtualMachines';

const declare = (): void => {
  const test = suite('azure: output of deallocated machines');
  let fake: FakeAzure;
  let real: RealWorld;
  let controller: ChildProcess;
  test.before(async () => {
    fake = await startFakeAzure({ backing: 'sshd', speed: 20, afterBoot: `${ON_VM.firstBoot} dead-mans-switch; ${AFTER_BOOT}` });
    Object.assign(process.env, environmentFor(fake));
    real = await openRealWorld();
  });
  test.after(async () => {
    // Left by a test that failed.
    if (controller.exitCode === null && controller.signalCode === null) await kill();
    await real.close();
    await fake.stop();
  });
  const kill = async (): Promise<void> => {
    const ended = once(controller, 'exit');
    controller.kill('SIGKILL');
    await ended;
  };
  const vmOf = async (pool: string) => (await real.client.list('VM')).find(({ spec }) => spec.poolRef.name === pool);
  const machineOf = async (pool: string) => (await fake.control.vms()).find(({ tags }) => tags.pool === pool);
  const starts = async (machine: string) =>
    (await fake.control.requests()).filter(({ method, path }) => method === 'POST' && path.endsWith(`/${machine}/start`));

  /** A session that goes on without a controller, ends, and is followed by the switch; the name of its machine. */
  const leaveBehind = async (name: string): Promise<string> => {
    const azure = withDeadMansSwitch(fake.subscription, DEAD_SECONDS);
    await real.apply('VMPool', name, { provider: { type: 'Azure', azure }, sizes: [{ name: 's' }] });
    const script = 'echo begin; until [ -e /tmp/end ]; do sleep 0.1; done; seq 1 20000; echo end; exit 3';
    await real.apply('Session', name, { poolRef: { name }, command: ['sh', '-c', script] });
    controller = real.startController();
    await until(async () => (await real.session(name))?.status?.output?.bytes === 6, 'the session to run', PATIENCE_MS);
    await kill();
    const machine = (await machineOf(name))?.name ?? 'none';
    await fake.control.exec(machine, ['touch', '/tmp/end']);
    await until(async () => (await fake.control.exec(machine, ['sh', '-c', FREE])).code === 0, 'the end of the session', PATIENCE_MS);
    await fake.control.advance((DEAD_SECONDS + 120) * 1_000);
    assert.is((await machineOf(name))?.power, 'deallocated');
    return machine;
  };
  /** A session as a controller leaves it that dies with only the intent to launch it written down. */
  const intend = async (name: string, pool: string): Promise<void> => {
    await real.apply('Session', name, { poolRef: { name: pool }, command: ['echo', 'launched'] });
    const world = createDirectoryWorld({ root: real.manifests, state: real.state });
    const store = await world.open();
    const session = (await store.list('Session')).find(({ metadata }) => metadata.name === name);
    const vm = await vmOf(pool);
    assert.ok(session && vm);
    await store.patchStatus('Session', preconditionOf(session), placedStatus(session, vm, 1, true, Date.now()));
    await world.end();
  };
  const WHOLE = `begin\n${Array.from({ length: 20_000 }, (_, n) => `${n + 1}\n`).join('')}end\n`;

  test('what a session wrote while no controller was there is collected: its machine is started once, and then deleted', async () => {
    const machine = await leaveBehind('whole');
    await intend('meant', 'whole');
    controller = real.startController();
    // Killed once more when the start was asked for: the next one knows.
    await until(async () => (await starts(machine)).length > 0, 'the start', PATIENCE_MS);
    await kill();
    const begun = findCondition((await vmOf('whole'))?.status?.conditions, 'CollectingOutput');
    process.stdout.write(`\n    CollectingOutput ${begun?.status} ${begun?.reason}: ${begun?.message} `);
    await until(async () => (await machineOf('whole'))?.power === 'running', 'the machine to run', PATIENCE_MS);
    controller = real.startController();
    const { status } = await real.finished('whole', PATIENCE_MS);
    assert.equal([status?.phase, status?.reason, status?.exitCode], ['Failed', 'AgentFailed', 3]);
    assert.is(String(await real.output('output', 'whole', '--raw')), WHOLE);
    const meant = (await real.finished('meant', PATIENCE_MS)).status;
    process.stdout.write(`\n    ${meant?.reason}: ${meant?.message} `);
    assert.equal([meant?.phase, meant?.reason, meant?.message], ['Failed', 'VMLost', 'it was not started on VM whole-0']);
    assert.is(String(await real.output('output', 'meant', '--raw')), '');
    await until(async () => (await machineOf('whole')) === undefined, 'the end of the machine', PATIENCE_MS);
    await until(async () => (await vmOf('whole')) === undefined, 'the end of the VM', PATIENCE_MS);
    const asked = await starts(machine);
    process.stdout.write(`\n    started ${asked.length} time; ${status?.message}; ${WHOLE.length} bytes `);
    assert.is(asked.length, 1);
    assert.is((await fake.control.bill()).running, 0);
    await kill();
  });

  test('one that can not be started any more is given up: the session says so, and what was copied is kept', async () => {
    const machine = await leaveBehind('refused');
    await fake.control.rule({
      match: { type: VM_TYPE, method: 'POST', name: machine },
      fault: { kind: 'syncError', id: 'allocation_failed' },
    });
    controller = real.startController();
    const { status } = await real.finished('refused', PATIENCE_MS);
    process.stdout.write(`\n    ${status?.message} `);
    assert.equal([status?.phase, status?.reason], ['Failed', 'VMLost']);
    assert.is(String(await real.output('output', 'refused', '--raw')), 'begin\n');
    await until(async () => (await machineOf('refused')) === undefined, 'the end of the machine', PATIENCE_MS);
    assert.is((await starts(machine)).length, 1);
    assert.not(isTrue((await vmOf('refused'))?.status?.conditions, 'Ready'));
  });

  test.run();
};

const skipped = noSSHD ?? whyNoNamespaces();
if (skipped === undefined) declare();
else skip('azure: output of deallocated machines', skipped);
