// What stands behind a virtual machine: nothing, or a real sshd (sshd-backing.ts).
import type { Machine, Resource } from '../world.ts';

export type VirtualMachine = Resource & { machine: Machine };

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Backing {
  /** Boots it: resolves when sshd listens; undefined when there is nothing to wait for. The disk is that of the last time. Idempotent. */
  start(vm: VirtualMachine, address: string): Promise<void> | undefined;
  /** As when the power goes: everything that ran on it is gone. */
  stop(vmId: string): Promise<void>;
  /** Stopped, and its disk is gone. */
  remove(vmId: string): Promise<void>;
  /** A command on it, as root runs it; undefined when nothing stands behind it. */
  run(vmId: string, argv: readonly string[], input?: string): Promise<Ran> | undefined;
  /** sshd alone: what else runs there goes on. */
  serveSSH(vmId: string, on: boolean): Promise<void>;
  /** A new host key, as when somebody else answers at the address. */
  changeHostKey(vmId: string): Promise<void>;
  /** Where to reach it. */
  endpoint(vmId: string): { readonly host: string; readonly port: number } | undefined;
  close(): Promise<void>;
}

export const noBacking: Backing = {
  start: () => undefined,
  stop: async () => {},
  remove: async () => {},
  run: () => undefined,
  serveSSH: async () => {},
  changeHostKey: async () => {},
  endpoint: () => undefined,
  close: async () => {},
};
