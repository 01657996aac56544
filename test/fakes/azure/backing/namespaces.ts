// A machine in namespaces of its own: its processes, its name, and a file system that writes over this system's into a folder.
// Its first process keeps sshd running, and takes everything with it when it is killed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Ran } from './backing.ts';
import type { Box, BoxOptions } from './box.ts';
import { sshdConfig } from './box.ts';
import { end, run } from './run.ts';
import { STAND_INS, SUDO } from './stand-ins.ts';

const INIT = `set -eu
dir=$1 name=$2
shift 2
root=$dir/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$dir/upper,workdir=$dir/work" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 none "$root/run"
mount -t tmpfs -o mode=1777 none "$root/tmp"
for share; do mkdir -p "$root$share"; mount --rbind "$share" "$root$share"; done
mkdir -p "$root/run/sshd" "$root/run/lock"
hostname "$name"
: > "$dir/mounted"
# The loop is process 1 of the machine: it outlives sshd, and collects what others leave behind.
exec chroot "$root" /bin/sh -c '
  trap "" HUP INT TERM
  cd /
  until [ -e /run/fake-azure.off ]; do
    if [ -e /run/fake-azure.sshd ]; then /usr/sbin/sshd -D -e -f /etc/fake-azure/sshd_config; fi
    sleep 0.1
  done'
`;

/** What a machine needs of this system, in small. */
const TRY = `set -eu
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
mount -t tmpfs -o mode=755 none "$1/root/run"
hostname berth-try
chroot "$1/root" /bin/true
`;

const WAIT_MS = 30_000;

/** Why machines can not have namespaces of their own here; undefined where they can. */
export const whyNoNamespaces = (): string | undefined => {
  if (process.getuid?.() !== 0) return 'only root can give machines a root file system and users of their own';
  const folder = mkdtempSync(join(tmpdir(), 'fake-azure-try-'));
  const { status } = spawnSync('unshare', ['--mount', '--pid', '--uts', '--fork', 'sh', '-c', TRY, 'sh', folder], { stdio: 'ignore' });
  rmSync(folder, { recursive: true, force: true });
  return status === 0 ? undefined : 'namespaces with a root file system of their own can not be made here (unshare, overlay)';
};

export const namespaceBox = (options: BoxOptions): Box => {
  const { folder } = options;
  const path = (name: string): string => join(folder, name);
  let ending = false;
  let watching: NodeJS.Timeout | undefined;
  const inside = (pid: number, argv: readonly string[], input?: string): Promise<Ran> =>
    run('nsenter', ['-t', String(pid), '-m', '-p', '-u', `--root=/proc/${pid}/root`, `--wd=/proc/${pid}/root`, ...argv], input, ENV);
  const pid = (): number => {
    const found = recorded(folder);
    if (found === undefined) throw new Error(`the machine ${options.name} does not run`);
    return found;
  };
  const boot = async (): Promise<void> => {
    for (const name of ['upper', 'work', 'root']) mkdirSync(path(name), { recursive: true, mode: name === 'upper' ? 0o755 : 0o700 });
    for (const name of ['mounted', 'pid']) rmSync(path(name), { force: true });
    writeFileSync(path('init'), INIT);
    const log = openSync(path('log'), 'a');
    const args = ['--mount', '--pid', '--uts', '--fork', '--kill-child', 'sh', path('init'), folder, options.name, ...options.share];
    const dying = options.outlives ? [] : ['setpriv', '--pdeathsig', 'KILL'];
    const [program = '', ...words] = [...dying, 'unshare', ...args];
    const child = spawn(program, words, { stdio: ['ignore', log, log], detached: true, cwd: '/' });
    ending = false;
    child.once('exit', () => {
      if (!ending) options.onEnd();
    });
    child.unref();
    await until(
      () => existsSync(path('mounted')),
      () => `the file system of ${options.name} was not mounted: ${readFileSync(path('log'), 'utf8').slice(-500)}`,
    );
    const first = childOf(child.pid ?? 0);
    if (first === undefined) throw new Error(`the machine ${options.name} ended at once: ${readFileSync(path('log'), 'utf8').slice(-500)}`);
    writeFileSync(path('pid'), `${first} ${startedAt(first)}`);
    await inside(first, ['sh', '-s'], layDown(sshdConfig(options, '', '.ssh/authorized_keys')));
  };
  /** Of one that another fake started: its end is nobody's event here. */
  const watch = (): void => {
    watching ??= setInterval(() => {
      if (recorded(folder) !== undefined) return;
      clearInterval(watching);
      watching = undefined;
      if (!ending) options.onEnd();
    }, 200).unref();
  };
  return {
    root: '',
    start: async () => {
      if (recorded(folder) === undefined) await boot();
      else watch();
    },
    run: async (argv, input) => inside(pid(), argv, input),
    serveSSH: async (on) => {
      await inside(pid(), ['sh', '-c', on ? ': > /run/fake-azure.sshd' : STOP_SSH]);
    },
    kill: async () => {
      ending = true;
      const found = recorded(folder);
      if (found !== undefined) await end(found);
      rmSync(path('pid'), { force: true });
    },
  };
};

const STOP_SSH = `rm -f /run/fake-azure.sshd
for at in /proc/[0-9]*; do
  read -r name < "$at/comm" && case "$name" in sshd*) kill -9 "\${at#/proc/}" ;; esac
done 2>/dev/null; :`;

const ENV = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' };

/** What every machine has before its first boot; harmless to repeat. */
const layDown = (config: string): string => {
  const files = { '/etc/fake-azure/sshd_config': config, ...STAND_INS };
  const lines = Object.entries(files).flatMap(([path, content]) => [
    `mkdir -p "$(dirname ${path})"`,
    `base64 -d > ${path} <<'END'`,
    Buffer.from(content).toString('base64'),
    'END',
    `chmod ${path.startsWith('/etc') ? '0644' : '0755'} ${path}`,
  ]);
  return [
    'set -e',
    ...lines,
    'if ! command -v sudo >/dev/null; then',
    '  mkdir -p /usr/local/libexec; cp "$(command -v setpriv)" /usr/local/libexec/become-root; chmod 4755 /usr/local/libexec/become-root',
    "  base64 -d > /usr/local/bin/sudo <<'END'",
    Buffer.from(SUDO).toString('base64'),
    'END',
    '  chmod 0755 /usr/local/bin/sudo',
    'fi',
    '',
  ].join('\n');
};

/** Of its first process, as this system counts; undefined where that is not running any more. */
export const recorded = (folder: string): number | undefined => {
  if (!existsSync(join(folder, 'pid'))) return undefined;
  const [pid, started] = readFileSync(join(folder, 'pid'), 'utf8').split(' ');
  return pid !== undefined && startedAt(Number(pid)) === started ? Number(pid) : undefined;
};

/** Field 22 of its stat: a number that no later process of the same id has. */
export const startedAt = (pid: number): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19];
  } catch {
    return undefined;
  }
};

const childOf = (pid: number): number | undefined => {
  try {
    const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    return first === undefined ? undefined : Number(first);
  } catch {
    return undefined;
  }
};

const until = async (holds: () => boolean, otherwise: () => string): Promise<void> => {
  for (const end = Date.now() + WAIT_MS; !holds(); await delay(10)) if (Date.now() > end) throw new Error(otherwise());
};
