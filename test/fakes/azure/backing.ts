// What stands behind a virtual machine: nothing, or a real sshd (sshd-backing.ts).
import type { Machine, Resource } from './world.ts';

export type VirtualMachine = Resource & { machine: Machine };

export interface Backing {
  /** Boots it: resolves when it listens. The disk is kept from the last time. */
  start(vm: VirtualMachine, address: string): Promise<void>;
  /** As when the power goes: everything that ran on it is gone. */
  stop(vmId: string): Promise<void>;
  /** Stopped, and its disk is gone. */
  remove(vmId: string): Promise<void>;
  /** A command on it, as root would run it; undefined when nothing stands behind it. */
  run(vmId: string, argv: readonly string[], input?: string): Promise<{ code: number; stdout: string; stderr: string }> | undefined;
  /** A new host key, as when somebody else answers at the address. */
  changeHostKey(vmId: string): Promise<void>;
  /** Where to reach it. */
  endpoint(vmId: string): { readonly host: string; readonly port: number } | undefined;
  close(): Promise<void>;
}

export const noBacking: Backing = {
  start: async () => {},
  stop: async () => {},
  remove: async () => {},
  run: () => undefined,
  changeHostKey: async () => {},
  endpoint: () => undefined,
  close: async () => {},
};
