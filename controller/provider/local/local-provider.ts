// Pretends that this machine is many: a VM is a directory with its own sessions. A real default, not a toy: what runs in
// it outlives the controller, and everything is found again from the directories alone.
import { existsSync } from 'node:fs';
import type { Clock } from '../../api/clock.ts';
import { OperatorError } from '../../api/error.ts';
import type { VMPool } from '../../api/types.generated.ts';
import type { Shell } from '../../shell/shell.ts';
import type { Machine, Offering, Provider, ProviderModule } from '../provider.ts';
import { type Machines, openMachines } from './machines.ts';

export interface LocalProviderOptions {
  /** Holds a directory per pool and, in it, one per VM. */
  readonly root: string;
  readonly clock: Clock;
  readonly shell: (home: string) => Shell;
  /** Ends everything that runs on the VM, at once. */
  readonly stopAll: (shell: Shell) => Promise<void>;
}

const REGION = 'local';
const NOTHING_TO_PAY = '0';

export const localProvider = (options: LocalProviderOptions): ProviderModule => {
  const machines = openMachines(options);
  return { type: 'Local', open: (pool) => openPool(pool, machines, options) };
};

const openPool = (opened: VMPool, machines: Machines, { clock, shell }: LocalProviderOptions): Provider => ({
  list: async (pool) => {
    const bootMs = (pool.spec.provider.local?.bootSeconds ?? 0) * 1000;
    const found = await machines.list(pool.metadata.uid);
    return found.map(({ id, vmUID, createdTime, deleting }): Machine => {
      const booted = clock.now() >= Date.parse(createdTime) + bootMs;
      const state = deleting ? 'deleting' : booted ? 'running' : 'creating';
      return { id, vmUID, state, createdTime, region: REGION, hourlyUSD: NOTHING_TO_PAY };
    });
  },
  create: (vm, pool) => machines.create(pool.metadata.uid, vm.metadata.uid, vm.metadata.name),
  delete: ({ vmUID }) => machines.delete(opened.metadata.uid, vmUID),
  connect: ({ id }) => {
    // What is run there would make it anew.
    if (!existsSync(id)) throw new OperatorError('unavailable', `the folder of the VM, ${id}, is missing: bring it back`);
    return shell(id);
  },
  offerings: (pool) =>
    pool.spec.sizes.map(({ name }): Offering => ({ size: name, sku: '', region: REGION, hourlyUSD: NOTHING_TO_PAY, available: true })),
});
