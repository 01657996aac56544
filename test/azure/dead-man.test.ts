// A controller that is gone for good: the switch that each machine got with its first boot finds nobody, by the fake's clock, and
// deallocates the machine with the machine's own identity; where a session runs, not before it has ended.
import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isTrue } from '../../controller/api/condition.ts';
import { ON_VM } from '../../controller/provider/azure/on-vm.ts';
import { openRealWorld, type RealWorld } from '../e2e/real-world.ts';
import { whyNoNamespaces } from '../fakes/azure/backing/namespaces.ts';
import { type FakeAzure, startFakeAzure } from '../fakes/azure/start.ts';
import { noSSHD } from '../fakes/sshd.ts';
import { until } from '../fakes/until.ts';
import { skip } from '../runner/skip.ts';
import { AFTER_BOOT, environmentFor, FREE, withDeadMansSwitch } from './provider-world.ts';

const PATIENCE_MS = 60_000;
const MINUTE = 60_000;
const DEAD_MINUTES = 15;

const declare = (): void => {
  const test = suite('azure: dead-man’s switch');
  let fake: FakeAzure;
  let real: RealWorld;
  test.before(async () => {
    // Of the real first boot the step that arms the switch; the others install from the network.
    fake = await startFakeAzure({ backing: 'sshd', speed: 20, afterBoot: `${ON_VM.firstBoot} dead-mans-switch; ${AFTER_BOOT}` });
    Object.assign(process.env, environmentFor(fake));
    real = await openRealWorld();
  });
  test.after(async () => {
    await real.close();
    await fake.stop();
  });

  test('with the controller killed for good, idle machines deallocate themselves in time, a busy one after its session; the bill stops', async () => {
    const { control } = fake;
    const azure = withDeadMansSwitch(fake.subscription, DEAD_MINUTES * 60);
    const controller = real.startController();
    await real.apply('VMPool', 'p', { provider: { type: 'Azure', azure }, sizes: [{ name: 's' }], minVMs: 3 });
    await real.apply('Session', 'busy', { poolRef: { name: 'p' }, command: ['sh', '-c', 'until [ -e /tmp/end ]; do sleep 0.1; done'] });
    await until(
      async () => (await real.client.list('VM')).filter(({ status }) => isTrue(status?.conditions, 'Ready')).length === 3,
      'three machines',
      PATIENCE_MS,
    );
    await until(async () => isTrue((await real.session('busy'))?.status?.conditions, 'Started'), 'the session', PATIENCE_MS);
    const busy = await machineOf((await real.session('busy'))?.status?.vm?.uid);
    const ended = once(controller, 'exit');
    controller.kill('SIGKILL');
    await ended;
    const died = await control.now();
    const from = (await control.requests()).at(-1)?.number ?? 0;
    const minutes = (at: number): number => (at - died) / MINUTE;
    const power = async (): Promise<readonly string[]> =>
      (await control.vms()).map((vm) => `${vm.name === busy ? 'busy' : 'idle'} ${vm.power}`).sort();
    const show = async (): Promise<void> => {
      const { running, usdPerHour } = await control.bill();
      const now = minutes(await control.now()).toFixed(0);
      process.stdout.write(
        `\n    ${now} min without a controller: ${(await power()).join(', ')}; ${running} billed, ${usdPerHour.toFixed(3)} USD/h`,
      );
    };
    const pass = async (to: number): Promise<void> => {
      await control.advance(Math.max(0, died + to * MINUTE - (await control.now())));
      await show();
    };

    await pass(DEAD_MINUTES - 2);
    assert.equal(await power(), ['busy running', 'idle running', 'idle running']);
    await pass(DEAD_MINUTES + 2);
    assert.equal(await power(), ['busy running', 'idle deallocated', 'idle deallocated']);
    await pass(2 * DEAD_MINUTES);
    assert.equal(await power(), ['busy running', 'idle deallocated', 'idle deallocated']);
    await control.exec(busy, ['touch', '/tmp/end']);
    await until(async () => (await control.exec(busy, ['sh', '-c', FREE])).code === 0, 'the end of the session', PATIENCE_MS);
    const over = minutes(await control.now());
    process.stdout.write(`\n    ${over.toFixed(0)} min: the session has ended`);
    await pass(2 * DEAD_MINUTES + 3);
    assert.equal(await power(), ['busy deallocated', 'idle deallocated', 'idle deallocated']);

    const { rows, running, usdPerHour, usd } = await control.bill();
    assert.equal([running, usdPerHour], [0, 0]);
    for (const { vm, to = 0 } of rows) {
      const least = vm === busy ? over : DEAD_MINUTES - 1;
      // The timer looks every minute, and Azure takes a moment.
      assert.ok(minutes(to) > least && minutes(to) < (vm === busy ? over : DEAD_MINUTES) + 2, `${vm}: ${minutes(to)} min`);
    }
    await control.advance(24 * 60 * MINUTE);
    assert.is((await control.bill()).usd, usd);
    process.stdout.write(`\n    a day later: 0 billed, ${usd.toFixed(2)} USD in all; who asked Azure for it:`);
    const asked = (await control.requests(from)).filter(({ by }) => by?.startsWith('vm:'));
    for (const { method, path, status, by, at } of asked)
      process.stdout.write(`\n    ${minutes(at).toFixed(1)} min ${method} …/${path.split('/').slice(-2).join('/')} ${status} by ${by}`);
    process.stdout.write('\n  ');
    // Each asks for itself, once, and nobody else asks for anything.
    assert.equal(
      asked.map(({ path, by }) => path.endsWith(`/${by?.slice(3)}/deallocate`)),
      [true, true, true],
    );
    assert.is((await control.requests(from)).filter(({ method }) => method !== 'GET').length, 3);
  });

  const machineOf = async (uid: string | undefined): Promise<string> =>
    (await fake.control.vms()).find(({ tags }) => tags['vm-uid'] === uid)?.name ?? 'none';

  test.run();
};

const skipped = noSSHD ?? whyNoNamespaces();
if (skipped === undefined) declare();
else skip('azure: dead-man’s switch', skipped);
