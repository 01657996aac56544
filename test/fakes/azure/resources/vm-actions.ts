// What can be done to a virtual machine: DELETE and the POST actions.
import { refuse } from '../arm-error.ts';
import type { Azure, Call, Handler } from '../azure.ts';
import type { VirtualMachine } from '../backing/backing.ts';
import { sizeOf } from '../facts.ts';
import { dig, list } from '../json.ts';
import { accepted, preempt } from '../operations.ts';
import { quotaRefusal } from '../quota.ts';
import { beginOn } from '../vm-machine.ts';
import { evict, machineAt, powerDown } from '../vm-power.ts';
import { existing, idle } from './virtual-machines.ts';

export const deleteMachine: Handler = (azure, call) => {
  const vm = machineAt(azure, call.id);
  if (!vm) return { status: 204 };
  const current = azure.world.operations.get(vm.machine.operation);
  if (current?.verb.toLowerCase().endsWith('delete') && current.status === 'InProgress') return accepted(azure, call, current, 202);
  preempt(azure, vm.machine.operation);
  if (vm.machine.power !== 'none') powerDown(azure, vm, 'stopping');
  const force = call.query('forceDeletion') === 'true';
  return accepted(azure, call, beginOn(azure, call, vm, force ? 'forceDelete' : 'delete', 'deleted'), 202);
};

const acting =
  (verb: string, step: Parameters<typeof beginOn>[4], prepare: (azure: Azure, vm: VirtualMachine, call: Call) => void): Handler =>
  (azure, call) => {
    const vm = existing(azure, call);
    idle(azure, vm);
    prepare(azure, vm, call);
    return accepted(azure, call, beginOn(azure, call, vm, verb, step), 202);
  };

const allocated = (vm: VirtualMachine): void => {
  if (vm.machine.power === 'none') {
    throw refuse(409, 'OperationNotAllowed', `The operation requires the VM '${vm.name}' to be allocated; its creation failed.`);
  }
};

export const startMachine = acting('start', 'started', (azure, vm) => {
  allocated(vm);
  const size = sizeOf(vm.machine.size);
  if (vm.machine.power === 'deallocated' && size) {
    const refusal = quotaRefusal(azure, { region: vm.location, size, spot: vm.machine.spot, zone: vm.machine.zone }, size.vCPUs);
    if (refusal) throw refusal;
    vm.machine.counted = true;
  }
  if (vm.machine.power !== 'running') vm.machine.power = 'starting';
});

export const powerOffMachine = acting('powerOff', 'stopped', (azure, vm) => {
  allocated(vm);
  powerDown(azure, vm, 'stopping');
});

export const deallocateMachine = acting('deallocate', 'deallocated', (azure, vm) => {
  allocated(vm);
  if (dig(vm.properties, 'storageProfile', 'osDisk', 'diffDiskSettings', 'option') !== undefined) {
    throw refuse(409, 'OperationNotAllowed', 'This operation is not supported on VMs with ephemeral OS disks.');
  }
  powerDown(azure, vm, 'deallocating');
});

export const restartMachine = acting('restart', 'started', (azure, vm) => {
  allocated(vm);
  if (vm.machine.power === 'deallocated' || vm.machine.power === 'deallocating') {
    throw refuse(409, 'OperationNotAllowed', `The operation requires the VM '${vm.name}' to be running; it is ${vm.machine.power}.`);
  }
  powerDown(azure, vm, 'stopping');
});

export const reapplyMachine = acting('reapply', 'updated', () => {});

/** Nothing is answered but that it will be. */
export const simulateEviction: Handler = (azure, call) => {
  const vm = existing(azure, call);
  if (!vm.machine.spot) throw refuse(409, 'OperationNotAllowed', `The VM '${vm.name}' is not an Azure Spot Virtual Machine.`);
  evict(azure, vm.id);
  return { status: 204 };
};

/** Runs on the machine behind it, where there is one. */
export const runCommand: Handler = async (azure, call) => {
  const vm = existing(azure, call);
  if (vm.machine.power !== 'running' || !vm.machine.agentReady) {
    throw refuse(409, 'OperationNotAllowed', 'Cannot modify extensions in the VM when the VM is not running.');
  }
  if (azure.world.operations.get(vm.machine.operation)?.status === 'InProgress') {
    throw refuse(
      409,
      'Conflict',
      'Run command extension execution is in progress. Please wait for completion before invoking a run command.',
    );
  }
  const script = list(dig(call.body, 'script')).map(String).join('\n');
  const operation = beginOn(azure, call, vm, 'runCommand', 'commanded');
  const ran = await azure.backing.run(vm.machine.vmId, ['sh'], script);
  const message = `Enable succeeded: \n[stdout]\n${ran?.stdout ?? ''}\n[stderr]\n${ran?.stderr ?? ''}`;
  operation.result = { value: [{ code: 'ProvisioningState/succeeded', level: 'Info', displayStatus: 'Provisioning succeeded', message }] };
  return accepted(azure, call, operation, 202);
};

export const bootDiagnostics: Handler = (azure, call) => {
  const vm = existing(azure, call);
  if (dig(vm.properties, 'diagnosticsProfile', 'bootDiagnostics', 'enabled') !== true) {
    throw refuse(409, 'OperationNotAllowed', 'Boot diagnostics is not enabled on this VM.');
  }
  const blob = `${call.base}/bootdiag/${vm.machine.vmId}`;
  return {
    status: 200,
    body: { consoleScreenshotBlobUri: `${blob}/screenshot.bmp?sig=fake`, serialConsoleLogBlobUri: `${blob}/serialconsole.log?sig=fake` },
  };
};
