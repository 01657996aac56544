// The contract of a provider, for every implementation. `open` gives one with its pool, on which a test may make machines.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errorCode } from '../../controller/api/error.ts';
import type { VM, VMPool } from '../../controller/api/types.generated.ts';
import type { Machine, Provider } from '../../controller/provider/provider.ts';

export interface ProviderWorld {
  /** A new one each time, over the same machines: what a restarted controller has. */
  reopen(): Provider;
  readonly pool: VMPool;
  vm(name: string, uid: string): VM;
  close(): Promise<void>;
}

export const testProvider = (name: string, open: () => Promise<ProviderWorld>): void => {
  const test = suite(`provider contract: ${name}`);
  const signal = AbortSignal.timeout(120_000);
  let world: ProviderWorld;
  test.before(async () => {
    world = await open();
  });
  test.after(() => world.close());
  const list = () => world.reopen().list(world.pool, signal);
  const find = async (uid: string): Promise<Machine | undefined> => (await list()).find((machine) => machine.vmUID === uid);
  const until = async (uid: string, wanted: (machine: Machine | undefined) => boolean): Promise<Machine | undefined> => {
    for (;;) {
      const machine = await find(uid);
      if (wanted(machine)) return machine;
      signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  test('starts without machines', async () => assert.equal(await list(), []));

  test('makes one machine for a VM object, however often and at once it is asked', async () => {
    const vm = world.vm('p-0', 'vm-0');
    await Promise.all([world.reopen().create(vm, world.pool, signal), world.reopen().create(vm, world.pool, signal)]);
    await world.reopen().create(vm, world.pool, signal);
    const machine = await until('vm-0', (found) => found?.state === 'running');
    assert.is((await list()).length, 1);
    assert.ok(Number.isFinite(Date.parse(machine?.createdTime ?? '')));
    assert.is((await find('vm-0'))?.id, machine?.id);
  });

  test('gives a way in to a running machine', async () => {
    const machine = await find('vm-0');
    assert.ok(machine);
    // It may not have booted yet: hosts try again and again.
    for (let code: number | undefined; code !== 0; ) {
      const shell = world.reopen().connect(machine);
      code = await shell.run(['true']).then(
        (result) => result.code,
        (error: unknown) => {
          if (errorCode(error) !== 'unavailable' || signal.aborted) throw error;
          return undefined;
        },
      );
      shell.close();
    }
  });

  test('deletes a machine and leaves the others', async () => {
    await world.reopen().create(world.vm('p-1', 'vm-1'), world.pool, signal);
    const machine = await until('vm-1', (found) => found !== undefined);
    assert.ok(machine);
    await world.reopen().delete(machine, signal);
    await world.reopen().delete(machine, signal);
    await until('vm-1', (found) => found === undefined);
    await world.reopen().delete(machine, signal);
    assert.equal(
      (await list()).map(({ vmUID }) => vmUID),
      ['vm-0'],
    );
  });

  test('offers something for each size of the pool', () => {
    const offerings = world.reopen().offerings(world.pool);
    for (const { name: size } of world.pool.spec.sizes) assert.ok(offerings.some((offering) => offering.size === size));
  });

  test.run();
};
