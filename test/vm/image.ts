// The image that virtual machines boot from, built once for each content of the script that makes it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';

const SCRIPT = join(import.meta.dirname, 'build-image.sh');
const PACKAGES: Readonly<Record<string, string>> = {
  'qemu-system-x86_64': 'qemu-system-x86 ipxe-qemu seabios',
  'qemu-img': 'qemu-utils',
  mmdebstrap: 'mmdebstrap',
  genisoimage: 'genisoimage',
};

/** Undefined where it can be tried, after installing what is missing; else why not. */
export const unmetNeed = async (): Promise<string | undefined> => {
  if (process.getuid?.() !== 0) return 'it has to be run by root: for the image, and for port 22';
  if (!(await portIsFree()))
    return `port 22 of ${ANY_LOOPBACK} is taken, where its machine would be: stop the sshd that listens on all addresses`;
  const packages = (): readonly string[] => Object.entries(PACKAGES).flatMap(([tool, names]) => (has(tool) ? [] : names.split(' ')));
  if (packages().length > 0 && has('apt-get')) {
    process.stdout.write(`installing ${packages().join(' ')}\n`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['-qq', 'update'], { env, stdio: 'ignore' });
    spawnSync('apt-get', ['-qq', '-y', 'install', '--no-install-recommends', ...packages()], { env, stdio: 'ignore' });
  }
  const left = packages();
  if (left.length > 0) return `these packages are missing: apt-get install --no-install-recommends ${left.join(' ')}`;
  return undefined;
};

const ANY_LOOPBACK = '127.77.7.7';

const portIsFree = (): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(22, ANY_LOOPBACK, () => server.close(() => resolve(true)));
  });

const has = (tool: string): boolean => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', tool], { stdio: 'ignore' }).status === 0;

const folderOfImage = (): string => {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'berth-vm', createHash('sha256').update(readFileSync(SCRIPT)).digest('hex').slice(0, 16));
};

/** The folder with vmlinuz, initrd and base.ext4. */
export const imageFolder = (): { readonly folder: string; readonly builtSeconds: number | undefined } => {
  const folder = folderOfImage();
  if (existsSync(join(folder, 'base.ext4'))) return { folder, builtSeconds: undefined };
  const began = performance.now();
  const building = `${folder}.${process.pid}`;
  mkdirSync(building, { recursive: true });
  try {
    const { status, stderr } = spawnSync('nice', ['-n', '10', 'sh', SCRIPT, building], {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    if (status !== 0) throw new Error(`the image could not be built:\n${stderr.split('\n').slice(-20).join('\n')}`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(building, folder);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
  return { folder, builtSeconds: (performance.now() - began) / 1000 };
};
