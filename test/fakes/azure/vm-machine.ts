// The life of a virtual machine after it was accepted: allocation, boot, agent, power, eviction and the end of it.
import { ARMError, errorOf } from './arm-error.ts';
import { type Azure, type Call, find } from './azure.ts';
import type { VirtualMachine } from './backing/backing.ts';
import { startMeter, stopMeter } from './billing.ts';
import { sizeOf } from './facts.ts';
import { dig, list, text } from './json.ts';
import { beginOperation, endOperation, isOpen, type Operation, stepTime } from './operations.ts';
import { allocate } from './quota.ts';
import { provisioning, touch } from './resources/store.ts';
import type { Event, lasting, Step } from './timers.ts';
import { makeChildren } from './vm-children.ts';
import { boot, machineAt, vanish } from './vm-power.ts';
import type { Failure } from './world.ts';

/** Begins an operation on it: the resource's state is that of the last one asked for. */
export const beginOn = (
  azure: Azure,
  call: Pick<Call, 'subscription' | 'type' | 'id' | 'plan'>,
  vm: VirtualMachine,
  verb: string,
  first: Step,
): Operation => {
  const operation = beginOperation(azure, call, verb, vm.location);
  vm.machine.operation = operation.id;
  provisioning(vm, verb === 'delete' ? 'Deleting' : verb === 'create' ? 'Creating' : 'Updating');
  delete vm.machine.failure;
  touch(azure, vm);
  const { plan } = operation;
  const early = plan.failure && first !== 'allocated' && plan.afterMs === undefined;
  if (plan.canceled || plan.afterMs !== undefined || early) {
    azure.after(plan.afterMs ?? stepTime(azure, operation, DURATION[first](verb)), { kind: 'fail', operation: operation.id });
  }
  if (!early && !(plan.canceled && first === 'allocated')) then(azure, operation, first, verb);
  return operation;
};

const DURATION: Readonly<Record<Step, (verb: string) => Parameters<typeof lasting>[1]>> = {
  allocated: () => 'allocate',
  booted: () => 'boot',
  agent: () => 'agent',
  osTimeout: () => 'osTimeout',
  started: () => 'start',
  stopped: () => 'stop',
  deallocated: () => 'deallocate',
  deleted: (verb) => (verb === 'forceDelete' ? 'forceDelete' : 'delete'),
  updated: () => 'update',
  commanded: () => 'runCommand',
};

const then = (azure: Azure, operation: Operation, step: Step, verb = operation.verb): void =>
  azure.after(stepTime(azure, operation, DURATION[step](verb)), {
    kind: 'machine',
    step,
    id: operation.resource,
    operation: operation.id,
  });

/** A timer of a machine has come due. */
export const machineEvent = (azure: Azure, event: Event & { kind: 'machine' }): void => {
  const vm = machineAt(azure, event.id);
  const operation = azure.world.operations.get(event.operation);
  // Overtaken by a newer one, or gone. The first boot goes on when its operation has failed already.
  if (!vm || !operation || vm.machine.operation !== event.operation) return;
  STEPS[event.step](azure, vm, operation);
};

type Work = (azure: Azure, vm: VirtualMachine, operation: Operation) => void;

const STEPS: Readonly<Record<Step, Work>> = {
  allocated: (azure, vm, operation) => {
    if (operation.status !== 'InProgress') return;
    const guest = /^OSProvisioning/.test(operation.plan.failure?.code ?? '');
    const failure = (guest ? undefined : operation.plan.failure) ?? reserve(azure, vm) ?? children(azure, vm);
    if (failure) {
      failed(azure, vm, operation.id, failure);
      return;
    }
    vm.machine.power = 'starting';
    startMeter(azure, vm);
    touch(azure, vm);
    then(azure, operation, 'booted');
  },
  booted: (azure, vm, operation) => {
    boot(azure, vm);
    const { guest } = vm.machine;
    const bad = guest.bootFails || operation.plan.failure !== undefined;
    then(azure, operation, bad ? 'osTimeout' : 'agent');
  },
  agent: (azure, vm, operation) => {
    const waiting = azure.booting.get(vm.machine.vmId);
    if (waiting) {
      waiting.push({ kind: 'machine', step: 'agent', id: operation.resource, operation: operation.id });
      return;
    }
    vm.machine.agentReady = true;
    succeed(azure, vm, operation);
  },
  osTimeout: (azure, vm, operation) => {
    failed(azure, vm, operation.id, operation.plan.failure ?? errorOf('os_provisioning_timed_out', { vm: vm.name }).failure);
  },
  started: (azure, vm, operation) => {
    // One that is allocated has its place already.
    const failure = vm.machine.allocated ? undefined : reserve(azure, vm);
    if (failure) {
      vm.machine.power = 'deallocated';
      vm.machine.counted = false;
      failed(azure, vm, operation.id, failure);
      return;
    }
    startMeter(azure, vm);
    boot(azure, vm);
    azure.after(0, { kind: 'machine', step: 'agent', id: operation.resource, operation: operation.id });
  },
  stopped: (azure, vm, operation) => {
    vm.machine.power = 'stopped';
    succeed(azure, vm, operation);
  },
  deallocated: (azure, vm, operation) => {
    vm.machine.power = 'deallocated';
    vm.machine.counted = false;
    stopMeter(azure, vm);
    succeed(azure, vm, operation);
  },
  deleted: (azure, vm, operation) => {
    if (endOperation(azure, operation.id, 'Succeeded')) vanish(azure, vm, true);
  },
  updated: (azure, vm, operation) => succeed(azure, vm, operation),
  commanded: (azure, vm, operation) => succeed(azure, vm, operation),
};

const reserve = (azure: Azure, { machine, location }: VirtualMachine): Failure | undefined => {
  const size = sizeOf(machine.size);
  return size && allocate(azure.world, { region: location, size, spot: machine.spot, zone: machine.zone });
};

const children = (azure: Azure, vm: VirtualMachine): Failure | undefined => {
  try {
    makeChildren(azure, vm);
    return undefined;
  } catch (error) {
    if (error instanceof ARMError) return error.failure;
    throw error;
  }
};

const succeed = (azure: Azure, vm: VirtualMachine, operation: Operation): void => {
  if (!endOperation(azure, operation.id, 'Succeeded')) return;
  provisioning(vm, 'Succeeded');
  touch(azure, vm);
};

/** The resource stays, failed; what never ran frees its quota. */
const failed = (azure: Azure, vm: VirtualMachine, id: string, failure: Failure): void => {
  if (!endOperation(azure, id, 'Failed', failure)) return;
  provisioning(vm, 'Failed');
  vm.machine.failure = failure;
  if (vm.machine.power === 'none') {
    vm.machine.counted = false;
    reserveInterfaces(azure, vm);
  }
  touch(azure, vm);
};

/** An interface that was made beforehand stays this machine's for three minutes. */
const reserveInterfaces = (azure: Azure, vm: VirtualMachine): void => {
  for (const reference of list(dig(vm.properties, 'networkProfile', 'networkInterfaces'))) {
    const nic = find(azure, text(dig(reference, 'id')) ?? '');
    if (nic) nic.reserved = { vm: vm.id, until: azure.clock.now() + 180_000 };
  }
};

/** An operation that was to fail, or to be canceled, on its own time. */
export const failEvent = (azure: Azure, id: string): void => {
  const operation = azure.world.operations.get(id);
  if (!operation || !isOpen(azure, id)) return;
  const vm = machineAt(azure, operation.resource);
  const { failure, canceled } = operation.plan;
  if (canceled) {
    if (endOperation(azure, id, 'Canceled', { code: 'Canceled', message: 'The operation was canceled.' }) && vm)
      provisioning(vm, 'Canceled');
    return;
  }
  if (!failure) return;
  if (vm) {
    failed(azure, vm, id, failure);
    return;
  }
  const resource = find(azure, operation.resource);
  if (endOperation(azure, id, 'Failed', failure) && resource) provisioning(resource, 'Failed');
};
