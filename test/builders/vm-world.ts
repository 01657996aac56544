// What a VM's reconciler sees.
import type { VM } from '../../controller/api/types.generated.ts';
import type { Machine } from '../../controller/provider/provider.ts';
import type { VMObserved } from '../../controller/reconcilers/vm/model.ts';
import type { HostFacts } from '../../controller/session/host.ts';
import { pool } from './pool.ts';
import { ago, NOW } from './time.ts';

export const machine = (state: Machine['state'] = 'running', overrides: Partial<Machine> = {}): Machine => ({
  id: 'machine',
  vmUID: 'default-0',
  state,
  createdTime: ago(50),
  region: 'local',
  ...overrides,
});

/** In its state for as long as anybody may ask, unless told. */
export const host = (state: HostFacts['state'] = 'reachable', overrides: Partial<HostFacts> = {}): HostFacts => ({
  state,
  since: 0,
  runs: new Map(),
  ...overrides,
});

export const vmWorld = (vm: VM, world: Partial<VMObserved> = {}): VMObserved => ({
  now: NOW,
  vm,
  pool: pool(),
  sessions: [],
  strayRuns: [],
  ...world,
});

/** As it runs: the machine is there and its host answers. */
export const runningWorld = (vm: VM, world: Partial<VMObserved> = {}): VMObserved =>
  vmWorld(vm, { machine: machine(), host: host(), ...world });
