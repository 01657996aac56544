// Where one machine runs: as root in namespaces of its own, with a root file system over that of this one; otherwise a folder
// and an sshd of the same user. Killing it kills everything that was started in it.
import type { Ran } from './backing.ts';

export interface BoxOptions {
  /** Of this machine alone; what it holds is its disk. */
  readonly folder: string;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  /** Directories of this system that it sees as they are. */
  readonly share: readonly string[];
  /** It outlives a fake that is killed, for the next one to find. */
  readonly outlives: boolean;
  /** It has ended without having been told to. */
  readonly onEnd: () => void;
}

export interface Box {
  /** Its root file system; empty where it has one of its own. */
  readonly root: string;
  /** One that runs already goes on, with all that runs on it. */
  readonly start: () => Promise<void>;
  readonly run: (argv: readonly string[], input?: string) => Promise<Ran>;
  readonly serveSSH: (on: boolean) => Promise<void>;
  readonly kill: () => Promise<void>;
}

export const sshdConfig = ({ host, port, env }: BoxOptions, root: string, keys: string): string =>
  [
    `Port ${port}`,
    `ListenAddress ${host}`,
    `HostKey ${root}/etc/ssh/ssh_host_ed25519_key`,
    `AuthorizedKeysFile ${keys}`,
    `PidFile ${root}/run/sshd.pid`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'PermitRootLogin prohibit-password',
    'AllowTcpForwarding yes',
    'LogLevel VERBOSE',
    `SetEnv ${Object.entries(env)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')}`,
    '',
  ].join('\n');
