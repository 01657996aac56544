// Power of a virtual machine and the loss of it: boot, shutdown, eviction, disappearance. What is told of it follows at once.
import { type Azure, find } from './azure.ts';
import type { VirtualMachine } from './backing/backing.ts';
import { stopMeter } from './billing.ts';
import { armTimers } from './guest-timers.ts';
import { dig, list, text } from './json.ts';
import { preempt } from './operations.ts';
import { remove, touch } from './resources/store.ts';
import { type Event, lasting } from './timers.ts';
import { detach } from './vm-children.ts';

export const machineAt = (azure: Azure, id: string): VirtualMachine | undefined => {
  const found = find(azure, id);
  return found?.machine ? (found as VirtualMachine) : undefined;
};

export const boot = (azure: Azure, vm: VirtualMachine): void => {
  vm.machine.power = 'running';
  touch(azure, vm);
  if (vm.machine.guest.bootFails) return;
  const address = reachableAddress(azure, vm);
  if (address === undefined || vm.machine.guest.sshRefused) return;
  const booted = azure.backing.start(vm, address);
  if (!booted) return;
  const waiting: Event[] = [];
  azure.booting.set(vm.machine.vmId, waiting);
  const at = azure.clock.now();
  const done = booted.then(() => armTimers(azure, vm, at));
  done.catch(complaint(vm)).finally(() => {
    if (azure.booting.get(vm.machine.vmId) === waiting) azure.booting.delete(vm.machine.vmId);
    for (const event of waiting) azure.after(0, event);
  });
};

/** Where it can be reached: its first public address, or a private one of the loopback, in a subnet that was made of it. */
export const reachableAddress = (azure: Azure, vm: VirtualMachine): string | undefined => {
  const nics = list(dig(vm.properties, 'networkProfile', 'networkInterfaces')).map((reference) =>
    find(azure, text(dig(reference, 'id')) ?? ''),
  );
  const ips = nics.flatMap((nic) => list(nic?.properties.ipConfigurations));
  const pips = ips.map((ip) => find(azure, text(dig(ip, 'properties', 'publicIPAddress', 'id')) ?? ''));
  const address = pips.map((pip) => text(pip?.properties.ipAddress)).find((found) => found !== undefined);
  const own = ips.map((ip) => text(dig(ip, 'properties', 'privateIPAddress'))).find((found) => found?.startsWith('127.'));
  return address ?? own;
};

/** The guest loses its power: what ran on it is gone. */
export const powerDown = (azure: Azure, vm: VirtualMachine, power: 'stopping' | 'stopped' | 'deallocating'): void => {
  vm.machine.power = power;
  vm.machine.agentReady = false;
  delete vm.machine.eviction;
  touch(azure, vm);
  azure.backing.stop(vm.machine.vmId).catch(complaint(vm));
};

/** It is gone at once; what it leaves follows in a moment, or stays. */
export const vanish = (azure: Azure, vm: VirtualMachine, withChildren: boolean): void => {
  preempt(azure, vm.machine.operation);
  stopMeter(azure, vm);
  remove(azure, vm.id);
  azure.backing.remove(vm.machine.vmId).catch(complaint(vm));
  for (const child of vm.machine.children) {
    if (child.delete && withChildren) azure.after(lasting(azure, 'child'), { kind: 'child', id: child.id });
    else detach(azure, child.id);
  }
};

/** Spot capacity is taken back: as its policy says. */
export const evict = (azure: Azure, id: string): void => {
  const vm = machineAt(azure, id);
  if (!vm) return;
  if (vm.properties.evictionPolicy === 'Delete') {
    vanish(azure, vm, true);
    return;
  }
  if (vm.machine.power === 'none') return;
  preempt(azure, vm.machine.operation);
  vm.machine.operation = ''; // what it had yet to do does not come
  powerDown(azure, vm, 'deallocating');
  vm.machine.power = 'deallocated';
  vm.machine.counted = false;
  stopMeter(azure, vm);
  touch(azure, vm);
};

/** What stands behind a machine does not do as it shall: Azure knows nothing of that, people should. */
const complaint =
  ({ name }: VirtualMachine) =>
  (error: unknown): void =>
    void process.stderr.write(`fake-azure: ${name}: ${String(error)}\n`);
