// The way in to a machine, through a jump host where there is one: checked by its derived keys from the first contact on, ready
// once its first boot is over, told regularly that its controller lives, and given a host key of its own in place of the one that
// came with its first boot.
import type { Clock } from '../../api/clock.ts';
import { OperatorError } from '../../api/error.ts';
import type { Shell } from '../../shell/shell.ts';
import { sshShell } from '../../shell/ssh.ts';
import type { SSHLogin } from '../../shell/ssh-connection.ts';
import type { Machine } from '../provider.ts';
import { deriveKey } from './keys.ts';
import { ON_VM } from './on-vm.ts';

export interface ReachOptions {
  readonly clock: Clock;
  /** The installation's. */
  readonly secret: () => Promise<Uint8Array>;
  readonly user: string;
  readonly port: number;
  /** The host to go through, if any; asked for each connection. */
  readonly jump: () => Promise<SSHLogin | undefined>;
  /** With each heartbeat. */
  readonly beats: () => Promise<void>;
  /** Machines whose first host key is not shown any more. */
  readonly replaced: Set<string>;
}

export const reachMachine = ({ id, vmUID, address, hostKey }: Machine, options: ReachOptions): Shell => {
  const { clock, secret, replaced, beats } = options;
  const accepted = (key: Uint8Array): readonly string[] => acceptedKeys(key, { vmUID, hostKey }, replaced);
  const login = async (): Promise<SSHLogin> => {
    if (address === undefined) throw new OperatorError('unavailable', `machine ${id} has no address yet`);
    const [host = '', port] = address.split(/:(?=\d+$)/);
    const [key, jump] = await Promise.all([secret(), options.jump()]);
    return {
      host,
      port: port === undefined ? options.port : Number(port),
      user: options.user,
      hostKeys: accepted(key),
      privateKey: deriveKey(key, vmUID, 'login').privateKey,
      ...(jump ? { jump } : {}),
    };
  };
  const shell = sshShell(login);
  const heart = beat(shell, clock, beats);
  const prepare = async (): Promise<void> => {
    await awaitFirstBoot(shell);
    heart.start();
    const key = await secret();
    if (accepted(key).length > 1) await replaceHostKey(shell, deriveKey(key, vmUID, 'host-2'));
    replaced.add(vmUID);
  };
  return prepared(shell, prepare, heart.stop);
};

/** Both derived ones, until the first was replaced. What is recorded can only take one away. */
export const acceptedKeys = (
  secret: Uint8Array,
  { vmUID, hostKey }: Pick<Machine, 'vmUID'> & { readonly hostKey: string | undefined },
  replaced: ReadonlySet<string>,
): readonly string[] => {
  const second = deriveKey(secret, vmUID, 'host-2').publicKey;
  return replaced.has(vmUID) || hostKey?.trim() === second ? [second] : [deriveKey(secret, vmUID, 'host-1').publicKey, second];
};

const awaitFirstBoot = async (shell: Shell): Promise<void> => {
  const { code } = await shell.run(['sh', '-c', `test -e "\${BERTH_VM_ROOT-}"${ON_VM.marker}`]);
  if (code !== 0) throw new OperatorError('unavailable', 'its first boot is not over yet: what it needs is being installed');
};

/** Stdin: the private key and, after a line, the public one. The old one is gone only when the new one is whole. */
const REPLACE = `
set -eu
umask 077
root="\${BERTH_VM_ROOT-}"
as_root() { if [ -n "$root" ] || [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
key="$root/etc/ssh/ssh_host_ed25519_key"
text=$(cat)
private=\${text%%"
ssh-ed25519 "*}
public="ssh-ed25519 \${text##*"
ssh-ed25519 "}"
printf '%s\\n' "$private" | as_root sh -c 'umask 077; cat > "$1.new" && sync "$1.new"' sh "$key"
printf '%s\\n' "$public" | as_root sh -c 'umask 022; cat > "$1.pub.new"' sh "$key"
as_root mv "$key.pub.new" "$key.pub"
as_root mv "$key.new" "$key"
if [ -n "$root" ]; then kill -HUP "$(cat "$root/run/sshd.pid")"; else as_root systemctl reload ssh; fi
`;

const replaceHostKey = async (shell: Shell, key: { readonly privateKey: string; readonly publicKey: string }): Promise<void> => {
  const { code, stderr } = await shell.run(['sh', '-c', REPLACE], { stdin: `${key.privateKey.trim()}\n${key.publicKey}\n` });
  if (code !== 0) throw new OperatorError('unavailable', `its host key could not be replaced: ${stderr.trim().split('\n').at(-1)}`);
};

const HEARTBEAT_MS = 60_000;
const TOUCH = `file="\${BERTH_VM_ROOT-}"${ON_VM.heartbeat}; mkdir -p "\${file%/*}" && touch "$file"`;

/** For the switch in the machine that turns it off when nobody looks after it any more. One that fails is seen by the connection's own checks. */
const beat = (shell: Shell, clock: Clock, beats: ReachOptions['beats']) => {
  let cancel: (() => void) | undefined;
  const next = (): void => {
    shell.run(['sh', '-c', TOUCH]).catch(() => undefined);
    void beats();
    cancel = clock.after(HEARTBEAT_MS, next);
  };
  return {
    start: (): void => {
      cancel?.();
      next();
    },
    stop: (): void => cancel?.(),
  };
};

/** Once for each shell; again where it failed. */
const prepared = (shell: Shell, prepare: () => Promise<void>, closing: () => void): Shell => {
  let ready: Promise<void> | undefined;
  const whenReady = async (): Promise<void> => {
    ready ??= prepare();
    try {
      await ready;
    } catch (error) {
      ready = undefined;
      throw error;
    }
  };
  return {
    run: async (argv, options) => {
      await whenReady();
      return shell.run(argv, options);
    },
    open: async (argv, signal) => {
      await whenReady();
      return shell.open(argv, signal);
    },
    interact: async (argv, terminal) => {
      await whenReady();
      return shell.interact(argv, terminal);
    },
    close: () => {
      closing();
      shell.close();
    },
  };
};
