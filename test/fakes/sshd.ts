// A real OpenSSH server for tests: its own configuration, keys and port on the loopback, as the current user.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { readablePrivateKey } from '../../controller/shell/private-key.ts';
import type { SSHLogin } from '../../controller/shell/ssh-connection.ts';

const SSHD = '/usr/sbin/sshd';
/** Undefined where tests can be run. */
export const noSSHD = existsSync(SSHD) ? undefined : 'openssh-server is not installed';

export type SSHServer = Awaited<ReturnType<typeof startSSHD>>;

export interface SSHServerOptions {
  readonly maxSessions?: number;
  /** For every command on it. */
  readonly env?: Readonly<Record<string, string>>;
  readonly port?: number;
  /** Of several servers that end together: what it and all that was started over it is found by. */
  readonly mark?: string;
  /** Of it and all that is started over it. */
  readonly niceness?: number;
}

export const startSSHD = async (options: SSHServerOptions = {}) => {
  const root = mkdtempSync(join(tmpdir(), 'berth-sshd-'));
  const mark = options.mark ?? `sshd-${randomUUID()}`;
  const port = options.port ?? (await freePort());
  const user = userInfo().username;
  const key = (name: string, ...args: string[]) => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(root, name), ...args]);
    return {
      file: join(root, name),
      text: readFileSync(join(root, name), 'utf8'),
      line: readFileSync(join(root, `${name}.pub`), 'utf8').trim(),
    };
  };
  let host = key('host-0');
  const client = key('client');
  writeFileSync(join(root, 'authorized_keys'), `${client.line}\n`);
  const configuration = () =>
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${host.file}`,
      `AuthorizedKeysFile ${join(root, 'authorized_keys')}`,
      `PidFile ${join(root, 'pid')}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      'AllowTcpForwarding yes',
      'LogLevel VERBOSE',
      'MaxStartups 100',
      `MaxSessions ${options.maxSessions ?? 10}`,
      // A home of its own: nobody's .bashrc slows it down.
      // Nor does it make users on the machine of whoever runs the tests.
      `SetEnv ${Object.entries({ BERTH_SSHD: mark, BERTH_USERS: 'shared', HOME: root, ...options.env })
        .map(([name, value]) => `${name}=${value}`)
        .join(' ')}`,
      '',
    ].join('\n');
  let server: ChildProcess | undefined;
  let log = '';

  const start = async (): Promise<void> => {
    writeFileSync(join(root, 'config'), configuration());
    // With its full path, as it starts itself anew for each connection.
    if (process.getuid?.() === 0) execFileSync('mkdir', ['-p', '-m', '755', '/run/sshd']);
    server = spawn('nice', ['-n', String(options.niceness ?? 0), SSHD, '-D', '-e', '-f', join(root, 'config')], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
    await answers(port);
  };
  /** The server and every connection of it, as when the machine loses its power; what it started lives on. */
  const kill = async (): Promise<void> => {
    const ended =
      server && server.exitCode === null && server.signalCode === null
        ? new Promise((resolve) => server?.once('exit', resolve))
        : undefined;
    for (const pid of server?.pid === undefined ? [] : [server.pid, ...connectionsOf(server.pid)]) signal(pid, 'SIGKILL');
    await ended;
  };
  await start();
  return {
    root,
    port,
    mark,
    user,
    client,
    hostKey: () => host.line,
    login: (more: Partial<SSHLogin> = {}): SSHLogin => ({
      host: '127.0.0.1',
      port,
      user,
      hostKeys: [host.line],
      privateKey: client.text,
      ...more,
    }),
    /** What the server has said so far; it names every login that was begun. */
    log: (): string => log,
    authorize: (privateKey: string, passphrase = ''): void => {
      const file = join(root, `other-${randomUUID()}`);
      writeFileSync(file, readablePrivateKey(privateKey, passphrase), { mode: 0o600 });
      appendFileSync(join(root, 'authorized_keys'), execFileSync('ssh-keygen', ['-y', '-P', passphrase, '-f', file]));
    },
    trust: (publicKey: string): void => appendFileSync(join(root, 'authorized_keys'), `${publicKey}\n`),
    start,
    kill,
    /** From its next start on. */
    changeHostKey: (): void => {
      host = key(`host-${randomUUID()}`);
    },
    close: async (): Promise<void> => {
      await kill();
      for (const pid of processesMarked(mark)) signal(pid, 'SIGKILL');
      rmSync(root, { recursive: true, force: true });
    },
  };
};

/** The processes that serve its connections: children of the server. */
const connectionsOf = (pid: number): readonly number[] => {
  const children = (of: number): number[] => {
    try {
      const found = readFileSync(`/proc/${of}/task/${of}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
      return found
        .filter((child) => /sshd/.test(readFileSync(`/proc/${child}/comm`, 'utf8')))
        .flatMap((child) => [child, ...children(child)]);
    } catch {
      return []; // it ended in this moment
    }
  };
  return children(pid);
};

const processesMarked = (mark: string): readonly number[] =>
  execFileSync('sh', ['-c', 'grep -lsaF "$1" /proc/[0-9]*/environ || true', 'sh', `BERTH_SSHD=${mark}`], { encoding: 'utf8' })
    .split('\n')
    .flatMap((path) => /^\/proc\/(\d+)\//.exec(path)?.[1] ?? [])
    .map(Number);

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch {
    // it is gone
  }
};

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

const answers = async (port: number): Promise<void> => {
  for (const end = Date.now() + 15_000; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
      socket.once('data', () => socket.destroy());
    });
    if (open) return;
    if (Date.now() > end) throw new Error(`sshd does not listen on port ${port}`);
  }
};
