// Virtual machines that are real sshd processes, one box each: the disk is a folder that outlives them.
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Backing, VirtualMachine } from './backing.ts';
import type { Box } from './box.ts';
import { bootScript, type CloudConfig, readCloudConfig } from './cloud-init.ts';
import { namespaceBox, recorded, whyNoNamespaces } from './namespaces.ts';
import { plainBox, processesOf } from './plain-box.ts';
import { signal } from './run.ts';

export interface SSHDOptions {
  /** The disks are in it. */
  readonly folder: string;
  /** A folder and an sshd of this user, whatever else could be had. */
  readonly plain: boolean;
  readonly runCommands: boolean;
  /** A shell command run at the end of the first boot, as root. */
  readonly afterBoot: string | undefined;
  readonly share: readonly string[];
  /** The machines outlive a fake that is killed. */
  readonly outlive: boolean;
  /** Environment of every login. */
  readonly env: (vmId: string) => Readonly<Record<string, string>>;
  /** What every machine of Azure's finds elsewhere, and where it is from here: in what its first boot writes. */
  readonly instead: (vmId: string) => Readonly<Record<string, string>>;
  /** The authority that Azure's certificates are from here, for /etc/fake-azure/ca.crt. */
  readonly caPem: string;
  /** The machine shut itself down. */
  readonly onOff: (vmId: string) => void;
}

interface Known {
  readonly box: Box;
  readonly host: string;
  readonly port: number;
  readonly folder: string;
}

const READY_MS = 20_000;

export const createSSHDBacking = (options: SSHDOptions): Backing => {
  const namespaces = !options.plain && whyNoNamespaces() === undefined;
  const known = new Map<string, Known>();
  const folderOf = (vmId: string): string => join(options.folder, 'vms', vmId);

  const boxOf = async (vm: VirtualMachine, address: string): Promise<Known> => {
    const { vmId } = vm.machine;
    const before = known.get(vmId);
    if (before?.host === address) return before;
    const folder = folderOf(vmId);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const port = await portAt(address, folder);
    const onEnd = (): void => options.onOff(vmId);
    const boxOptions = {
      folder,
      name: vm.name,
      host: address,
      port,
      env: options.env(vmId),
      share: options.share,
      outlives: options.outlive,
      onEnd,
    };
    const made = { box: (namespaces ? namespaceBox : plainBox)(boxOptions), host: address, port, folder };
    known.set(vmId, made);
    return made;
  };

  /** What runs one after another on each machine. */
  const queues = new Map<string, Promise<unknown>>();
  const inTurn = <Result>(vmId: string, work: () => Promise<Result>): Promise<Result> => {
    const next = (queues.get(vmId) ?? Promise.resolve()).then(work, work);
    queues.set(
      vmId,
      next.catch(() => {}),
    );
    return next;
  };

  return {
    start: (vm, address) =>
      inTurn(vm.machine.vmId, async () => {
        const { box, host, port, folder } = await boxOf(vm, address);
        await box.start();
        if (!existsSync(join(folder, 'booted'))) {
          const script = {
            root: box.root,
            users: namespaces,
            fails: vm.machine.guest.cloudInitFails,
            afterBoot: options.afterBoot,
            runCommands: options.runCommands,
          };
          const ran = await box.run(
            ['sh', '-s'],
            bootScript(here(readCloudConfig(vm.machine.osProfile.hidden), options, vm.machine.vmId), script),
          );
          vm.machine.serialLog.push(ran.stdout, ran.stderr);
          writeFileSync(join(folder, 'booted'), '');
        }
        await box.serveSSH(true);
        await listens(host, port, vm.name, folder);
      }),
    stop: (vmId) => inTurn(vmId, async () => known.get(vmId)?.box.kill()),
    remove: (vmId) =>
      inTurn(vmId, async () => {
        await known.get(vmId)?.box.kill();
        known.delete(vmId);
        rmSync(folderOf(vmId), { recursive: true, force: true });
      }),
    run: (vmId, argv, input) => known.get(vmId)?.box.run(argv, input),
    serveSSH: (vmId, on) => inTurn(vmId, async () => known.get(vmId)?.box.serveSSH(on)),
    changeHostKey: (vmId) =>
      inTurn(vmId, async () => {
        const found = known.get(vmId);
        if (!found) return;
        await found.box.serveSSH(false);
        const key = `${found.box.root}/etc/ssh/ssh_host_ed25519_key`;
        await found.box.run(['sh', '-c', 'rm -f "$1" "$1.pub"; ssh-keygen -q -t ed25519 -N "" -C "" -f "$1"', 'sh', key]);
        await found.box.serveSSH(true);
        await listens(found.host, found.port, vmId, found.folder);
      }),
    endpoint: (vmId) => {
      const found = known.get(vmId);
      return found && { host: found.host, port: found.port };
    },
    close: async () => {
      await Promise.all([...known.values()].map(({ box }) => box.kill()));
    },
  };
};

const here = (config: CloudConfig, { instead, caPem }: SSHDOptions, vmId: string): CloudConfig => {
  const replaced = (content: Buffer): Buffer =>
    // Latin 1: whatever else is in it stays byte for byte.
    Buffer.from(
      Object.entries(instead(vmId)).reduce((text, [there, from]) => text.replaceAll(there, from), content.toString('latin1')),
      'latin1',
    );
  const authority = { path: '/etc/fake-azure/ca.crt', mode: '0644', owner: 'root:root', content: Buffer.from(caPem), append: false };
  return { ...config, files: [authority, ...config.files.map((file) => ({ ...file, content: replaced(file.content) }))] };
};

/** Port 22 where it can be had, as on a real machine; another for good where it can not. */
const portAt = async (address: string, folder: string): Promise<number> => {
  const file = join(folder, 'port');
  if (!existsSync(file)) writeFileSync(file, String((await free(address, 22)) ?? (await free(address, 0)) ?? 0));
  return Number(readFileSync(file, 'utf8'));
};

const free = (address: string, port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const server = createServer()
      .once('error', () => resolve(undefined))
      .listen(port, address, () => {
        const found = server.address();
        server.close(() => resolve(typeof found === 'object' && found ? found.port : undefined));
      });
  });

const listens = async (host: string, port: number, name: string, folder: string): Promise<void> => {
  for (const end = Date.now() + READY_MS; ; await delay(20)) {
    const greets = await new Promise<boolean>((resolve) => {
      const socket = connect(port, host).once('error', () => resolve(false));
      socket
        .once('close', () => resolve(false))
        .once('data', () => {
          resolve(true);
          socket.destroy();
        });
    });
    if (greets) return;
    if (Date.now() > end)
      throw new Error(`sshd of ${name} does not answer at ${host}:${port}: ${readFileSync(join(folder, 'log'), 'utf8').slice(-500)}`);
  }
};

/** The machines that a fake left behind in its folder when it was killed for good. */
export const killMachines = (folder: string): void => {
  for (const file of globSync(join(folder, 'vms/*/pid'))) {
    const pid = recorded(dirname(file));
    if (pid !== undefined) signal(pid, 'SIGKILL');
  }
  for (const machine of globSync(join(folder, 'vms/*/root/run/sshd.pid'))) {
    for (const pid of processesOf(dirname(dirname(dirname(machine))))) signal(pid, 'SIGKILL');
  }
};
