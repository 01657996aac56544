// Virtual machines that are virtual machines: a Linux booted under qemu's software emulation, which gets what was PUT the way
// Azure gives it: a disc with ovf-env.xml, read by cloud-init's own Azure datasource.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dig, text } from '../json.ts';
import type { Backing, VirtualMachine } from './backing.ts';
import { startedAt } from './namespaces.ts';

export interface QemuOptions {
  /** The disks are in it. */
  readonly folder: string;
  /** With vmlinuz, initrd and base.ext4. */
  readonly image: string;
  readonly memoryMiB: number;
  /** The machine shut itself down. */
  readonly onOff: (vmId: string) => void;
}

const SSH_PORT = 22;
/** What tells cloud-init that it is on Azure. */
const AZURE_CHASSIS = '7783-7084-3265-9085-8269-3286-77';
/** Its timer is not tested: emulated on a busy system it comes too late for that, and the kernel panics. */
const KERNEL = 'root=LABEL=root ro console=ttyS0 no_timer_check';

export const createQemuBacking = (options: QemuOptions): Backing => {
  const running = new Map<string, { readonly child: ChildProcess; readonly address: string }>();
  const folderOf = (vmId: string): string => join(options.folder, 'vms', vmId);

  const stop = async (vmId: string): Promise<void> => {
    const found = running.get(vmId);
    if (!found) return;
    running.delete(vmId);
    const ended = once(found.child, 'exit');
    found.child.kill('SIGKILL');
    await ended;
  };
  return {
    start: async (vm, address) => {
      const { vmId } = vm.machine;
      if (running.has(vmId)) return;
      const folder = folderOf(vmId);
      prepare(vm, folder, options.image);
      const log = openSync(join(folder, 'qemu.log'), 'a');
      // The power supply of others: whatever runs here beside it goes first.
      const child = spawn('nice', ['-n', '10', 'qemu-system-x86_64', ...hardware(vmId, folder, address, options)], {
        stdio: ['ignore', log, log],
        detached: true,
      });
      running.set(vmId, { child, address });
      writeFileSync(join(folder, 'pid'), `${child.pid} ${startedAt(child.pid ?? 0)}`);
      child.once('exit', () => {
        if (running.delete(vmId)) options.onOff(vmId);
      });
    },
    stop,
    remove: async (vmId) => {
      await stop(vmId);
      rmSync(folderOf(vmId), { recursive: true, force: true });
    },
    run: () => undefined,
    serveSSH: () => Promise.reject(new Error('nobody can stop sshd from outside a machine under qemu')),
    changeHostKey: () => Promise.reject(new Error('nobody can change host keys from outside a machine under qemu')),
    endpoint: (vmId) => {
      const found = running.get(vmId);
      return found && { host: found.address, port: SSH_PORT };
    },
    close: async () => {
      await Promise.all([...running.keys()].map(stop));
    },
  };
};

/** A disk over the image's, which stays until the machine is deleted; the disc is what it is at each start. */
const prepare = (vm: VirtualMachine, folder: string, image: string): void => {
  const disk = join(folder, 'disk.qcow2');
  const disc = join(folder, 'disc');
  mkdirSync(disc, { recursive: true, mode: 0o700 });
  writeFileSync(join(disc, 'ovf-env.xml'), environmentOf(vm), { mode: 0o600 });
  execFileSync('genisoimage', ['-quiet', '-udf', '-o', join(folder, 'ovf.iso'), '-V', 'rd_rdfe_stable', join(disc, 'ovf-env.xml')]);
  execFileSync('sh', ['-c', 'test -e "$2" || qemu-img create -q -f qcow2 -b "$1" -F raw "$2"', 'sh', join(image, 'base.ext4'), disk]);
};

/** Everything of it is closed to the outside but one port of this system. */
const hardware = (vmId: string, folder: string, address: string, { image, memoryMiB }: QemuOptions): readonly string[] => [
  ...['-machine', 'q35', '-accel', 'tcg,thread=multi,tb-size=512', '-cpu', 'qemu64', '-smp', '1', '-m', String(memoryMiB)],
  ...['-nodefaults', '-no-user-config', '-display', 'none', '-vga', 'none', '-monitor', 'none'],
  ...['-uuid', vmId, '-smbios', `type=3,asset=${AZURE_CHASSIS}`],
  ...['-kernel', join(image, 'vmlinuz'), '-initrd', join(image, 'initrd'), '-append', KERNEL],
  ...['-serial', `file:${join(folder, 'serial.log')}`, '-device', 'virtio-rng-pci'],
  ...['-drive', `file=${join(folder, 'disk.qcow2')},if=virtio,format=qcow2,cache=unsafe,discard=unmap`],
  ...['-netdev', `user,id=net,restrict=on,hostfwd=tcp:${address}:${SSH_PORT}-:22`, '-device', 'virtio-net-pci,netdev=net,romfile='],
  ...['-device', 'virtio-scsi-pci', '-device', 'scsi-cd,drive=disc'],
  ...['-drive', `file=${join(folder, 'ovf.iso')},if=none,id=disc,format=raw,media=cdrom,readonly=on`],
];

const environmentOf = ({ name, machine }: VirtualMachine): string => {
  const of = (property: string): string => escapeXML(text(dig(machine.osProfile.hidden, property)) ?? '');
  const customData = of('customData');
  return `<?xml version="1.0" encoding="utf-8"?>
<ns0:Environment xmlns:ns0="http://schemas.dmtf.org/ovf/environment/1" xmlns:ns1="http://schemas.microsoft.com/windowsazure" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <ns1:ProvisioningSection>
    <ns1:Version>1.0</ns1:Version>
    <ns1:LinuxProvisioningConfigurationSet xsi:type="ns1:LinuxProvisioningConfigurationSet_Type">
      <ns1:ConfigurationSetType>LinuxProvisioningConfiguration</ns1:ConfigurationSetType>
      <ns1:HostName>${escapeXML(name)}</ns1:HostName>
      <ns1:UserName>${of('adminUsername') || 'azure'}</ns1:UserName>
      <ns1:DisableSshPasswordAuthentication>true</ns1:DisableSshPasswordAuthentication>
      ${customData && `<ns1:CustomData>${customData}</ns1:CustomData>`}
    </ns1:LinuxProvisioningConfigurationSet>
  </ns1:ProvisioningSection>
  <ns1:PlatformSettingsSection>
    <ns1:Version>1.0</ns1:Version>
    <ns1:PlatformSettings><ns1:ProvisionGuestAgent>false</ns1:ProvisionGuestAgent></ns1:PlatformSettings>
  </ns1:PlatformSettingsSection>
</ns0:Environment>
`;
};

const escapeXML = (value: string): string => value.replace(/[<>&]/g, (character) => `&#${character.charCodeAt(0)};`);
