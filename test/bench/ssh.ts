// Our SSH against the system's, on the same server: how fast a file comes over, and how long a short command takes on a
// connection that is open already (`ssh -o ControlMaster` there).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Shell } from '../../controller/shell/shell.ts';
import { sshShell } from '../../controller/shell/ssh.ts';
import { type SSHServer, startSSHD } from '../fakes/sshd.ts';
import { type Bench, median, milliseconds } from './figure.ts';

const MEBIBYTES = 256;
const COMMANDS = 100;
const ROUNDS = 5;

export const ssh: Bench = async (scale) => {
  const root = await mkdtemp(join(tmpdir(), 'berth-bench-ssh-'));
  const server = await startSSHD();
  const shell = sshShell(async () => server.login());
  try {
    const mebibytes = Math.max(8, Math.round(MEBIBYTES * scale));
    const file = join(root, 'file');
    await writeFile(file, Buffer.alloc(mebibytes << 20, 'a line of output\n'));
    const system = await openSystem(server, root);
    const plain = await openSystem(server, root, false);
    await shell.run(['true']);
    await system(['true']);
    const [stream, plainStream, exec, systemExec]: number[][] = [[], [], [], []];
    for (let round = 0; round < Math.max(2, ROUNDS * scale); round++) {
      stream?.push(await milliseconds(() => drain(shell, ['cat', file], mebibytes << 20)));
      plainStream?.push(await milliseconds(() => plain(['cat', file])));
    }
    for (let n = 0; n < Math.max(10, COMMANDS * scale); n++) {
      exec?.push(await milliseconds(() => shell.run(['true'])));
      systemExec?.push(await milliseconds(() => system(['true'])));
    }
    await system(['true'], ['-O', 'exit']);
    const speed = (times: readonly number[] = []) => Math.round((mebibytes / median(times)) * 1000);
    const fixture = `${mebibytes} MiB over the loopback`;
    return [
      { figure: 'ssh: stream', value: speed(stream), unit: 'MiB/s', fixture },
      { figure: 'ssh: stream, plain ssh', value: speed(plainStream), unit: 'MiB/s', fixture },
      // At least 0.8 of its speed.
      {
        figure: 'ssh: stream, time against plain ssh',
        value: median(stream ?? []) / median(plainStream ?? []),
        unit: 'ratio',
        aim: 1.25,
        fixture,
      },
      { figure: 'ssh: warm command', value: median(exec ?? []), unit: 'ms', fixture: 'true' },
      { figure: 'ssh: warm command, ControlMaster', value: median(systemExec ?? []), unit: 'ms', fixture: 'true' },
      {
        figure: 'ssh: warm command against ControlMaster',
        value: median(exec ?? []) / median(systemExec ?? []),
        unit: 'ratio',
        aim: 1,
        fixture: 'true',
      },
    ];
  } finally {
    shell.close();
    await server.close();
    await rm(root, { recursive: true, force: true });
  }
};

const drain = async (shell: Shell, argv: readonly string[], wanted: number): Promise<void> => {
  const channel = await shell.open(argv, AbortSignal.timeout(120_000));
  let bytes = 0;
  for await (const chunk of channel.output) bytes += chunk.length;
  if (bytes !== wanted) throw new Error(`${bytes} of ${wanted} bytes came`);
};

/** The ssh of this system; its output goes nowhere, but is read by us as ours is. */
const openSystem = async (server: SSHServer, root: string, shared = true) => {
  await writeFile(join(root, 'known_hosts'), `[127.0.0.1]:${server.port} ${server.hostKey()}\n`);
  const options = [
    '-F',
    '/dev/null',
    '-i',
    join(server.root, 'client'),
    '-p',
    String(server.port),
    '-o',
    `UserKnownHostsFile=${join(root, 'known_hosts')}`,
  ];
  const master = shared ? ['-o', 'ControlMaster=auto', '-o', `ControlPath=${join(root, 'c')}`, '-o', 'ControlPersist=60'] : [];
  return async (argv: readonly string[], more: readonly string[] = []): Promise<void> => {
    const child = spawn('ssh', [...options, ...master, ...more, `${server.user}@127.0.0.1`, ...argv], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    child.stdout.resume();
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`ssh ended with ${code}`);
  };
};
