// The fake's world outlives its process; the same seed brings the same misfortunes.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../fakes/until.ts';
import { createFakeWorld, FAST, type FakeWorld, RG } from './fake-world.ts';

const test = suite('fake Azure: state and chaos');
let world: FakeWorld;

test.before(async () => {
  world = await createFakeWorld({ durable: true });
});
test.after(() => world.fake.stop());

test('goes on after a kill with what it had answered, operations under way included', async () => {
  const { fake, compute } = world;
  await fake.control.settings({ speed: 10 });
  const poller = compute.virtualMachines.createOrUpdate(RG, 'one', world.body('one'), FAST);
  await poller.submitted();
  await fake.kill();
  await fake.restart();
  const again = await compute.virtualMachines.get(RG, 'one');
  assert.is(again.provisioningState, 'Creating');
  await until(async () => (await compute.virtualMachines.get(RG, 'one')).provisioningState === 'Succeeded');
  assert.is((await fake.control.bill()).running, 1);
  await fake.control.settings({ speed: 1_000 });
  // The poller lost one request at most: the operation is still known.
  await poller.pollUntilDone().catch(() => undefined);
  assert.is(
    (await fake.control.operations()).filter(({ verb }) => verb === 'create').every(({ status }) => status === 'Succeeded'),
    true,
  );
});

test('is put back to a snapshot', async () => {
  const { fake, compute } = world;
  const snapshot = await fake.control.snapshot();
  await compute.virtualMachines.delete(RG, 'one', FAST);
  assert.is((await fake.control.vms()).length, 0);
  await fake.control.restore(snapshot);
  assert.equal(
    (await fake.control.vms()).map(({ name, power }) => [name, power]),
    [['one', 'running']],
  );
});

test('keeps lists behind what was written for as long as it is told', async () => {
  const { fake, compute } = world;
  await fake.control.settings({ durations: { listLag: 5_000_000 } });
  await world.create('young');
  const names = async (): Promise<readonly unknown[]> => {
    const found: unknown[] = [];
    for await (const { name } of compute.virtualMachines.list(RG)) found.push(name);
    return found;
  };
  assert.is((await compute.virtualMachines.get(RG, 'young')).name, 'young');
  assert.equal(await names(), ['one']);
  await fake.control.advance(5_000);
  assert.equal(await names(), ['one', 'young']);
  await fake.control.settings({ durations: { listLag: 0 } });
});

test('draws the same misfortunes from the same seed', async () => {
  const { fake, compute } = world;
  const outcomes = async (seed: number): Promise<string> => {
    await fake.control.chaos(seed, { profile: { http5xx: 0.3, dropBefore: 0.1, syncError: 0.5 }, forMs: 3_600_000 });
    const seen: unknown[] = [];
    for (let index = 0; index < 30; index++) {
      seen.push(
        await compute.virtualMachines.get(RG, 'one').then(
          () => 200,
          ({ statusCode }: { statusCode?: number }) => statusCode ?? 0,
        ),
      );
    }
    return seen.join(' ');
  };
  const first = await outcomes(7);
  assert.match(first, /50[03]/);
  assert.is(await outcomes(7), first);
  assert.is.not(await outcomes(8), first);
  await fake.control.advance(3_700_000);
  assert.is((await compute.virtualMachines.get(RG, 'one')).name, 'one');
});

test('harms machines too, as often as the profile says', async () => {
  const { fake } = world;
  await fake.control.chaos(3, { profile: { vanishing: 1, stops: 1 }, forMs: 10 * 60_000 });
  await fake.control.advance(11 * 60_000);
  assert.equal(
    (await fake.control.vms()).filter(({ power }) => power === 'running'),
    [],
  );
});

test.run();
